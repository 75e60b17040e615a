import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { csvLine, Problem, UnitOfWork } from '#core';
import type { Tenant } from '#core';
import type { Principal } from '#rbac';
import { MAX_ITEMS } from './report.dto.js';
import type { TimeGrouping, TimeReport, TimeReportItem, TimeReportQuery } from './report.dto.js';
import { ReportRepository } from './report.repository.js';
import type { TimeKey, TimeRow } from './report.repository.js';
import { GROUPING_SQL } from './time-groupings.js';

/** Rows of a CSV that one short transaction reads; each sums anew, so they are many. */
const CSV_PAGE = 20_000;

@Injectable()
export class ReportService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly reports: ReportRepository,
  ) {}

  /** @throws 400 `report_too_large` */
  async time(caller: Principal, query: TimeReportQuery): Promise<TimeReport> {
    const groupBy = groupingsOf(query);
    const rows = await this.reports.time(caller, query, groupBy, MAX_ITEMS + 1);
    if (rows.length > MAX_ITEMS) throw new Problem('report_too_large');
    const totalMinutes = Number(rows[0]?.total ?? 0);
    return { from: query.from ?? null, to: query.to ?? null, groupBy, items: rows.map((row) => itemOf(row, groupBy)), totalMinutes };
  }

  /** The same as a table of any length. Its beginning is read here, so that what is wrong is still told as a problem. */
  async timeCsv(caller: Principal, query: TimeReportQuery): Promise<Readable> {
    const groupBy = groupingsOf(query);
    const page = (after?: TimeKey) => this.reports.time(caller, query, groupBy, CSV_PAGE, after);
    return Readable.from(this.lines(this.work.tenant, groupBy, page, await page()));
  }

  private async *lines(
    tenant: Tenant,
    groupBy: TimeGrouping[],
    page: (after: TimeKey) => Promise<TimeRow[]>,
    first: TimeRow[],
  ): AsyncGenerator<string> {
    const columns = [...groupBy.flatMap((name) => Object.keys(GROUPING_SQL[name].columns)), 'entries', 'totalMinutes'];
    yield csvLine(columns);
    for (let rows = first; rows.length > 0;) {
      yield rows.map((row) => csvLine(columns.map((column) => row[column] as string | number | null))).join('');
      if (rows.length < CSV_PAGE) return;
      const after = keyOf(rows.at(-1)!, groupBy);
      rows = await this.work.within(tenant, () => page(after));
    }
  }
}

const groupingsOf = ({ groupBy }: TimeReportQuery): TimeGrouping[] => groupBy.split(',') as TimeGrouping[];

const keyOf = (row: TimeRow, groupBy: TimeGrouping[]): TimeKey =>
  groupBy.flatMap((name) => GROUPING_SQL[name].order).map((_, index) => row[`k${index}`]!);

/** Columns such as `userId`, `userName` become `user: { id, name }`, or null where there is no id. */
function itemOf(row: TimeRow, groupBy: TimeGrouping[]): TimeReportItem {
  const groups = groupBy.map((name) => {
    const columns = Object.keys(GROUPING_SQL[name].columns);
    if (columns.length === 1) return [name, row[name]];
    const part = Object.fromEntries(columns.map((column) => [column.slice(name.length).toLowerCase(), row[column]]));
    return [name, part.id === null ? null : part];
  });
  return { ...(Object.fromEntries(groups) as object), entries: Number(row.entries), totalMinutes: Number(row.totalMinutes) };
}
