import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DatabaseAddress } from '#core';

interface Login {
  username: string;
  password: string;
}

/** What the global set-up told. */
const server = JSON.parse(process.env.NCY8_TEST_SERVER ?? '{}') as {
  host: string;
  port: number;
  template: string;
  roles: { superuser: Login; owner: Login; application: Login };
};

const DATE = 1082; // the type's number in PostgreSQL

/** Days stay text: the driver's own parser makes local midnights of them. */
const types = {
  getTypeParser: ((oid: number, format: 'text') =>
    oid === DATE ? String : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** A database of the run's server. */
export class TestDatabase {
  private superuser?: Promise<pg.Client>;

  private constructor(readonly name: string) {}

  /** A private copy of the migrated and seeded template. */
  static clone(): Promise<TestDatabase> {
    return TestDatabase.create(server.template);
  }

  /** Without any table. */
  static empty(): Promise<TestDatabase> {
    return TestDatabase.create('template0');
  }

  private static async create(template: string): Promise<TestDatabase> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await administer(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${server.roles.owner.username}`);
    return new TestDatabase(name);
  }

  address(role: keyof typeof server.roles): DatabaseAddress {
    return { host: server.host, port: server.port, database: this.name, ssl: false, ...server.roles[role] };
  }

  /** Rows of a statement that sees and may do everything: for looking, and for what no route makes. */
  async sql<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]> {
    this.superuser ??= connect(this.address('superuser'));
    return (await (await this.superuser).query(text, values)).rows as T[];
  }

  /** Work on a connection of the given role, which is closed afterwards. */
  async as<T>(role: keyof typeof server.roles, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await connect(this.address(role));
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async drop(): Promise<void> {
    await (await this.superuser)?.end();
    await administer(`DROP DATABASE ${this.name} WITH (FORCE)`);
  }
}

export async function connect(address: DatabaseAddress): Promise<pg.Client> {
  const client = new pg.Client({ ...address, user: address.username, types });
  client.on('error', () => undefined); // a statement in flight tells
  await client.connect();
  return client;
}

async function administer(text: string): Promise<void> {
  const client = await connect({ host: server.host, port: server.port, database: 'postgres', ssl: false, ...server.roles.superuser });
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
