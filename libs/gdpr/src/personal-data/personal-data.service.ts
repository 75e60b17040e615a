import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Accesses, Audit, NIL_ID, Problem, UnitOfWork } from '#core';
import type { Tenant } from '#core';
import { TableText, zipped } from './personal-data-files.js';
import type { ArchivedFile } from './personal-data-files.js';
import { leftOut, personalTables } from './personal-data-tables.js';
import type { LeftOut, PersonalTable } from './personal-data-tables.js';
import type { ExportedTable, PersonalDataManifest } from './personal-data.dto.js';
import { PAGE, PersonalDataRepository } from './personal-data.repository.js';
import type { PersonalRow } from './personal-data.repository.js';

export type ExportFormat = 'json' | 'zip';

/** One export: whose, when, and what it has told so far. */
interface Export {
  tenant: Tenant;
  userId: string;
  at: Date;
  tables: Record<string, ExportedTable>;
}

/**
 * Everything that is stored about one person, but for what is secret, and for what is a colleague's. Read page by page in transactions
 * of their own while the client takes it, so that each page is as of its own moment; a client that is slow or gone holds nothing.
 */
@Injectable()
export class PersonalData {
  private readonly tables: PersonalTable[];
  private readonly leftOut: LeftOut[];

  constructor(
    @InjectDataSource() dataSource: DataSource,
    private readonly work: UnitOfWork,
    private readonly data: PersonalDataRepository,
    private readonly audit: Audit,
    private readonly accesses: Accesses,
  ) {
    this.tables = personalTables(dataSource.entityMetadatas);
    this.leftOut = leftOut(dataSource.entityMetadatas);
  }

  /** Notes the export, then begins it; deleted users have data too. @throws 404 */
  async export(userId: string, format: ExportFormat): Promise<Readable> {
    if (!(await this.data.exists(userId))) throw new Problem('not_found');
    const event = { action: 'personal_data_exported', targetType: 'User', targetId: userId, userId } as const;
    await this.audit.record({ ...event, after: { format } });
    this.accesses.record(event);
    const begun: Export = { tenant: this.work.tenant, userId, at: this.work.now, tables: {} };
    const bytes = format === 'zip' ? zipped(this.files(begun), begun.at) : this.json(begun);
    return Readable.from(bytes, { objectMode: false });
  }

  private async *json(begun: Export): AsyncGenerator<Buffer> {
    for (const [index, table] of this.tables.entries()) {
      const text = new TableText();
      yield Buffer.from(`${index === 0 ? '{"data":{' : ','}"${table.name}":`);
      yield* text.json(this.pages(begun, table));
      begun.tables[table.name] = text.seal();
    }
    yield Buffer.from(`},"manifest":${JSON.stringify(this.manifest(begun))}}`);
  }

  /** Each table is read twice, once a format: kept meanwhile it would have to be in memory. */
  private async *files(begun: Export): AsyncGenerator<ArchivedFile> {
    for (const table of this.tables) {
      const [json, csv] = [new TableText(), new TableText()];
      const columns = table.columns.map(({ name }) => name);
      yield { name: `${table.name}.json`, content: json.json(this.pages(begun, table)) };
      yield { name: `${table.name}.csv`, content: csv.csv(columns, this.pages(begun, table)) };
      begun.tables[table.name] = { ...json.seal(), csvSha256: csv.seal().sha256 };
    }
    yield { name: 'manifest.json', content: [Buffer.from(JSON.stringify(this.manifest(begun), undefined, 2))] };
  }

  private async *pages({ tenant, userId }: Export, table: PersonalTable): AsyncGenerator<PersonalRow[]> {
    for (let after = NIL_ID; ;) {
      const page = await this.work.within(tenant, () => this.data.page(table, userId, after));
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.id;
    }
  }

  private manifest({ tenant: { companyId }, userId, at, tables }: Export): PersonalDataManifest {
    return { companyId, userId, exportedAt: at.toISOString(), tables, leftOut: this.leftOut };
  }
}
