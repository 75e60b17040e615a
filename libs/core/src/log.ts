import { Inject } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { LogLines } from './log-lines.js';

/** What the log of this process goes through, unless a person watches. */
export const stdoutLines = new LogLines(1);

/**
 * One JSON line an event on stdout; a readable form when a person watches a terminal.
 * Never logs bodies, headers, query strings, names or addresses of people.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime };
  if (destination) return pino(options, destination);
  if (process.stdout.isTTY) {
    const target = { target: 'pino-pretty', options: { translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname', singleLine: true } };
    return pino({ ...options, transport: target });
  }
  process.once('exit', () => stdoutLines.end());
  return pino(options, stdoutLines);
}

export const LOG = Symbol('log');

/** Injects the process' log. */
export const InjectLog = (): ParameterDecorator => Inject(LOG);

/** What may be logged of an error: its code, else its name. A message could tell values of a row, or an address. */
export function codeOf(error: unknown): string {
  const { code, name = 'unknown' } = (error ?? {}) as { code?: string; name?: string };
  return code ?? name;
}

/** Lets Nest's own messages go the same way. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Logger) {}

  log = this.at('info');
  error = this.at('error');
  warn = this.at('warn');
  debug = this.at('debug');
  verbose = this.at('trace');
  fatal = this.at('fatal');

  private at(level: 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal') {
    return (message: unknown, ...rest: unknown[]): void => {
      if (message instanceof Error) this.target[level](message);
      else this.target[level]({ context: rest.at(-1) }, String(message));
    };
  }
}
