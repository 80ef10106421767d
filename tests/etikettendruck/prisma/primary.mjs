// A PostgreSQL client for a primary that may move: DATABASE_HOSTS names the servers ("db1,db2:5433"), and every new
// connection goes to the one that takes changes. After a failover the pool's broken connections are replaced by such.
import pg from 'pg';

const PROBE_MS = 2000; // a server that is off does not answer at all
const GRACE_MS = 200; // for a server with a higher timeline, once one was found that was not left behind

// An old primary that comes back takes changes, too, but was not promoted last.
const ASK = `SELECT CASE WHEN pg_is_in_recovery() THEN NULL
  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline`;

let newest = 0; // the highest timeline seen: whoever has a lower one was left behind by a failover
const servers = (process.env.DATABASE_HOSTS ?? '').split(',').filter(Boolean).map(serverOf);

export class PrimaryClient extends pg.Client {
  #options;

  constructor(options) {
    super(options);
    this.#options = options;
  }

  connect(callback) {
    const connected = this.#connect();
    if (!callback) return connected;
    connected.then(() => callback(null), callback);
  }

  async #connect() {
    if (servers.length > 0) Object.assign(this, await primary(this.#options));
    await super.connect();
    this.#mistrust(this.connection.stream, this.#options.query_timeout ?? 0);
  }

  /** A server that owes an answer for so long is gone, or the way to it is: the pool shall not keep this connection. */
  #mistrust(stream, milliseconds) {
    stream.setTimeout(
      milliseconds,
      () => this.readyForQuery || stream.destroy(new Error('Die Datenbank antwortet nicht mehr.')),
    );
  }
}

function serverOf(place) {
  const [host, port] = place.trim().split(':');
  return { host, port: Number(port ?? 5432) };
}

/** Asks all at once. Of several that take changes, the one that was promoted last: who knows none yet waits for all. */
function primary(options) {
  return new Promise((resolve, reject) => {
    const patience = newest ? GRACE_MS : PROBE_MS;
    let best = null;
    let open = servers.length;
    const decide = () => best?.timeline === newest && resolve(best.server);
    for (const server of servers) {
      timelineOf(server, options)
        .then((timeline) => {
          if (timeline === null || timeline < newest) return;
          newest = timeline;
          best = { server, timeline };
          setTimeout(decide, patience);
        })
        .catch(() => {}) // a server that is off is why we ask the others
        .finally(() => {
          if (--open > 0) return;
          decide();
          reject(new Error('Kein Datenbankserver nimmt Änderungen an.'));
        });
    }
  });
}

async function timelineOf(server, options) {
  const client = Object.assign(
    new pg.Client({ ...options, connectionTimeoutMillis: PROBE_MS, query_timeout: PROBE_MS }),
    server,
  );
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(ASK)).rows[0].timeline;
  } finally {
    await client.end().catch(() => {});
  }
}
