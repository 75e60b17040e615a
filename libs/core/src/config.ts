import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';

/** All that is wrong with the environment, one line a variable, each naming the fix. */
export class ConfigError extends Error {
  constructor(readonly lines: string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
  }
}

/** How to reach a PostgreSQL as one role. */
export interface DatabaseAddress {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
  ssl: boolean;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const MAX_DAYS = 36_500;
/** Apps have schemes of their own, such as `capacitor://localhost`. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[a-z\d.:[\]_-]+$/;
const DOMAIN = /^(?=.{1,190}$)([a-z\d]([a-z\d-]*[a-z\d])?\.)+[a-z][a-z\d-]*[a-z\d]$/i;
const MAILBOX = /^([^<>"\r\n]*<[^\s<>@]+@[^\s<>@]+>|"[^"\r\n]*" *<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;

/**
 * The configuration, read once from the environment.
 * Variables, meanings and defaults: docs/OPERATIONS.md; wrong values throw a {@link ConfigError}.
 */
export class Config {
  private readonly faults: string[] = [];

  /** Port of the API; 0 takes any free one. */
  readonly port = this.integer('PORT', 3000, 0, 65_535);
  /** Address that the API listens on: all of them in a container, the loopback else. */
  readonly host = this.text('HOST', existsSync('/.dockerenv') || this.env.KUBERNETES_SERVICE_HOST ? '0.0.0.0' : '127.0.0.1');

  /** Where the embedded database, its secrets, mails and backups live. */
  readonly dataDir = resolve(this.text('DATA_DIR', '.data'));
  /** Host of an external PostgreSQL; undefined starts the embedded one. */
  readonly databaseHost = this.withoutBlanks('DB_HOST');
  readonly databasePort = this.integer('DB_PORT', 5432, 1, 65_535);
  readonly databaseName = this.required('DB_DATABASE', 'ncy8');
  /** The application's role: no superuser, no BYPASSRLS, not the owner of the tables. */
  readonly databaseUsername = this.required('DB_USERNAME', 'ncy8');
  readonly databasePassword = this.text('DB_PASSWORD', '');
  /** The role that owns the database and migrates; the server itself never uses it. */
  readonly ownerUsername = this.env.DB_OWNER_USERNAME || undefined;
  readonly ownerPassword = this.text('DB_OWNER_PASSWORD', '');
  readonly databaseSsl = this.flag('DB_SSL', false);
  readonly poolSize = this.integer('DB_POOL_SIZE', 10, 1, 1000);

  /** Secrets for signing, newest first; older ones still verify. At least 32 bytes each. */
  readonly jwtSecrets = this.secrets();
  /** Lifetimes in seconds. */
  readonly accessTokenTtl = this.duration('ACCESS_TOKEN_TTL', '10m');
  readonly refreshTokenTtl = this.duration('REFRESH_TOKEN_TTL', '30d');
  readonly sessionIdleTtl = this.duration('SESSION_IDLE_TTL', '7d');

  readonly signupEnabled = this.flag('SIGNUP_ENABLED', true);
  readonly smtpUrl = this.url('SMTP_URL', ['smtp:', 'smtps:']);
  readonly mailFrom = this.like('MAIL_FROM', 'NCY_8 <no-reply@localhost>', MAILBOX, 'a mailbox such as NCY_8 <no-reply@example.com>');
  /** What links in mails begin with; never taken from a request. */
  readonly publicUrl = this.publicAddress();

  readonly corsOrigins = this.origins();
  /** Addresses or ranges of the proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxy = this.proxies();
  /** Requests a minute for one principal, counted in each replica; 0 is off. */
  readonly rateLimitPerMinute = this.integer('RATE_LIMIT_PER_MINUTE', 3000, 0, 1_000_000);

  readonly anonymizedEmailDomain = this.like('ANONYMIZED_EMAIL_DOMAIN', 'gogotime.com', DOMAIN, 'a domain such as example.com');
  readonly backupDir = resolve(this.text('BACKUP_DIR', join(this.dataDir, 'backups')));
  readonly jobs = this.flag('JOBS', true);
  /** How long the server says "not ready" before it stops taking connections, in milliseconds. */
  readonly drainMs = this.integer('DRAIN_MS', 0, 0, 600_000);
  readonly logLevel = this.oneOf('LOG_LEVEL', 'info', LOG_LEVELS);

  constructor(private readonly env: NodeJS.ProcessEnv = process.env) {
    if (this.faults.length > 0) throw new ConfigError(this.faults);
  }

  /** The database as the application's role. */
  get database(): DatabaseAddress | undefined {
    return this.address(this.databaseUsername, this.databasePassword);
  }

  /** The database as its owner; undefined when no owner is configured. */
  get ownerDatabase(): DatabaseAddress | undefined {
    return this.ownerUsername ? this.address(this.ownerUsername, this.ownerPassword) : undefined;
  }

  /** The configuration with another environment over this one (the embedded database tells its address this way). */
  with(env: NodeJS.ProcessEnv): Config {
    return new Config({ ...this.env, ...env });
  }

  private address(username: string, password: string): DatabaseAddress | undefined {
    if (!this.databaseHost) return undefined;
    return { host: this.databaseHost, port: this.databasePort, username, password, database: this.databaseName, ssl: this.databaseSsl };
  }

  private fault<T>(line: string, instead: T): T {
    this.faults.push(line);
    return instead;
  }

  private text(name: string, fallback: string): string {
    return this.env[name] || fallback;
  }

  /** Needed with an external database, defaulted with the embedded one. */
  private required(name: string, embedded: string): string {
    if (this.env[name]) return this.env[name];
    return this.env.DB_HOST ? this.fault(`${name} is missing: set it, since DB_HOST names an external PostgreSQL`, '') : embedded;
  }

  private integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.env[name];
    if (!value) return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    return number >= min && number <= max
      ? number
      : this.fault(`${name} is "${value}": set a whole number from ${min} to ${max}`, fallback);
  }

  private flag(name: string, fallback: boolean): boolean {
    const value = this.env[name]?.toLowerCase();
    if (!value) return fallback;
    if (['true', 'on', '1', 'yes'].includes(value)) return true;
    if (['false', 'off', '0', 'no'].includes(value)) return false;
    return this.fault(`${name} is "${value}": set true or false`, fallback);
  }

  private duration(name: string, fallback: string): number {
    const value = this.env[name] || fallback;
    const [, amount, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(value) ?? [];
    if (!amount) return this.fault(`${name} is "${value}": set a whole number with s, m, h or d, such as 10m`, 1);
    const seconds = Number(amount) * SECONDS[unit as keyof typeof SECONDS];
    return seconds <= MAX_DAYS * SECONDS.d ? seconds : this.fault(`${name} is "${value}": set at most ${MAX_DAYS}d`, 1);
  }

  private oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
    const value = this.env[name];
    if (!value) return fallback;
    return allowed.find((item) => item === value) ?? this.fault(`${name} is "${value}": set one of ${allowed.join(', ')}`, fallback);
  }

  private url(name: string, protocols: string[]): string | undefined {
    const value = this.env[name];
    if (!value) return undefined;
    const isWhole = value === value.trim() && /^[a-z]+:\/\/[^/?#]/i.test(value) && URL.canParse(value); // it would take `http:host` too
    if (isWhole && protocols.includes(new URL(value).protocol)) return value;
    const beginnings = protocols.map((protocol) => `${protocol}//`).join(' or ');
    return this.fault(`${name} is not an address: set one that begins with ${beginnings} and a host, without blanks around it`, undefined);
  }

  /** What paths are put behind. */
  private publicAddress(): string {
    const value = this.url('PUBLIC_URL', ['http:', 'https:']) ?? `http://localhost:${this.port}`;
    if (!/[?#]|\/\/[^/]*@/.test(value)) return value.replace(/\/$/, '');
    return this.fault('PUBLIC_URL says more than where: set it without user, ? and #', value);
  }

  private withoutBlanks(name: string): string | undefined {
    const value = this.env[name];
    return value && /\s/.test(value) ? this.fault(`${name} is "${value}": set it without blanks`, value) : value || undefined;
  }

  private like(name: string, fallback: string, pattern: RegExp, example: string): string {
    const value = this.text(name, fallback);
    return pattern.test(value) ? value : this.fault(`${name} is "${value}": set ${example}`, fallback);
  }

  /** As browsers send them: with a slash behind, or in capitals, one would never match. */
  private origins(): string[] {
    const origins = this.list('CORS_ORIGINS');
    const wrong = origins.find((origin) => !ORIGIN.test(origin) || (/^https?:/.test(origin) && new URL(origin).origin !== origin));
    if (wrong === undefined) return origins;
    return this.fault(`CORS_ORIGINS has "${wrong}": set origins such as https://app.example.com, nothing behind the host and port`, []);
  }

  private list(name: string): string[] {
    return this.text(name, '')
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  }

  private proxies(): string[] {
    const proxies = this.list('TRUST_PROXY');
    const wrong = proxies.filter((proxy) => {
      const [address = '', bits = '0', ...rest] = proxy.split('/');
      return rest.length > 0 || !isIP(address) || !/^\d{1,3}$/.test(bits) || Number(bits) > (isIP(address) === 4 ? 32 : 128);
    });
    return wrong.length === 0 ? proxies : this.fault(`TRUST_PROXY has "${wrong[0]}": set addresses or ranges such as 10.0.0.0/8`, []);
  }

  /** From JWT_SECRET, or with the embedded database made once and kept beside it. */
  private secrets(): string[] {
    const secrets = this.list('JWT_SECRET');
    if (secrets.some((secret) => Buffer.byteLength(secret) < 32)) {
      return this.fault('JWT_SECRET is too short: set at least 32 bytes each, for example from `openssl rand -base64 48`', []);
    }
    if (secrets.length > 0) return secrets;
    if (this.env.DB_HOST) {
      return this.fault('JWT_SECRET is missing: set at least 32 bytes, for example from `openssl rand -base64 48`', []);
    }
    try {
      return [keptSecret(this.dataDir, 'jwt.secret')];
    } catch (error) {
      return this.fault(`DATA_DIR "${this.dataDir}" cannot be written (${(error as Error).message}): set a folder of this user`, []);
    }
  }
}

/** A random secret that survives restarts: made at the first call, readable by its owner only, never half-written. */
export function keptSecret(dataDir: string, name: string, bytes = 48): string {
  const file = join(dataDir, name);
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    const draft = `${file}.${randomBytes(6).toString('hex')}`;
    writeFileSync(draft, randomBytes(bytes).toString('base64url'), { mode: 0o600 });
    try {
      linkSync(draft, file); // of two at once one wins, and both read the winner's
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft);
    }
  }
  return readFileSync(file, 'utf8');
}
