import pg from 'pg';

export class PrimaryClient extends pg.Client {}
