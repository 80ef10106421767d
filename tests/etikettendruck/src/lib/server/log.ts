import { mkdirSync } from 'node:fs';
import path from 'node:path';
import winston from 'winston';
import { settings } from './settings';

const MEGABYTE = 1024 * 1024;

mkdirSync(settings.logs, { recursive: true });

function file(filename: string, maxsize: number, maxFiles: number, level?: string) {
  return new winston.transports.File({
    filename: path.join(settings.logs, filename),
    maxsize,
    maxFiles,
    level,
    tailable: true,
  });
}

/** JSON lines: error.log (5 × 5 MB) and combined.log (10 × 10 MB). */
export const log = winston.createLogger({
  level: settings.logLevel,
  format: winston.format.combine(
    winston.format.timestamp(),
    winston.format.errors({ stack: true }),
    winston.format.json(),
  ),
  defaultMeta: { service: 'etikettendruck', version: settings.version },
  transports: [file('error.log', 5 * MEGABYTE, 5, 'error'), file('combined.log', 10 * MEGABYTE, 10)],
});

const auditLog = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  defaultMeta: { service: 'etikettendruck' },
  transports: [file('audit.log', 10 * MEGABYTE, 10)],
});

type Facts = Record<string, unknown>;

export const audit = {
  userAction(userId: number, action: string, resource: string, facts: Facts = {}) {
    auditLog.info('Benutzer', { userId, action, resource, ...facts });
  },
  securityEvent(event: string, severity: 'low' | 'medium' | 'high', facts: Facts = {}) {
    auditLog.warn('Sicherheit', { event, severity, ...facts });
    log.log(severity === 'high' ? 'error' : 'warn', `Sicherheit: ${event}`, { severity, ...facts });
  },
};
