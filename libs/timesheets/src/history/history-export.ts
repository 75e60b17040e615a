import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Accesses, Audit, UnitOfWork } from '#core';
import type { Tenant } from '#core';
import { HistorySealRepository } from './history-seal.repository.js';
import type { SealAndRow } from './seal-hashes.js';

/** Lines that one short transaction reads. */
const PAGE = 1000;

/** The sealed history with its seals, a JSON object a line, for keeping outside and for `npm run history:verify`. */
@Injectable()
export class HistoryExport {
  constructor(
    private readonly work: UnitOfWork,
    private readonly seals: HistorySealRepository,
    private readonly accesses: Accesses,
    private readonly audit: Audit,
  ) {}

  /** Notes the export. Its beginning is read here, so that what is wrong is still told as a problem. The next page is read when the client has taken the last. */
  async stream(): Promise<Readable> {
    await this.audit.record({ action: 'history_exported', targetType: 'TimesheetHistory' });
    const noted = new Set<string>();
    return Readable.from(this.lines(this.work.tenant, await this.page(0, noted), noted));
  }

  private async *lines(tenant: Tenant, first: SealAndRow[], noted: Set<string>): AsyncGenerator<string> {
    for (let page = first; page.length > 0;) {
      yield page.map((line) => `${JSON.stringify(line)}\n`).join('');
      if (page.length < PAGE) return;
      const { sequence } = page.at(-1)!;
      page = await this.work.within(tenant, () => this.page(sequence, noted));
    }
  }

  /** @param noted whose history the access log tells already */
  private async page(after: number, noted: Set<string>): Promise<SealAndRow[]> {
    const page = await this.seals.after(after, PAGE);
    for (const line of page) {
      if (line.id === null || noted.has(line.userId)) continue;
      noted.add(line.userId);
      this.accesses.record({ action: 'history_read', targetType: 'TimesheetHistory', userId: line.userId });
    }
    return page;
  }
}
