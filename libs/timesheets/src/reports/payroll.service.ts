import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Accesses, csvLine, mapInTurns, Problem, UnitOfWork } from '#core';
import type { Tenant } from '#core';
import type { LeaveType } from '#leave';
import { daysInside } from './payroll-days.js';
import type { PayrollItem, PayrollQuery, PayrollReport } from './payroll.dto.js';
import { PayrollRepository } from './payroll.repository.js';
import type { PayrollKey, PayrollRow } from './payroll.repository.js';
import { MAX_ITEMS } from './report.dto.js';

/** People whom one short transaction reads for a CSV. */
const CSV_PAGE = 1000;
const COLUMNS = ['userId', 'userName', 'externalId', 'workedMinutes', 'approvedMinutes', 'ptoDays', 'sickDays', 'unpaidDays'];

@Injectable()
export class PayrollService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly payroll: PayrollRepository,
    private readonly accesses: Accesses,
  ) {}

  /** @throws 400 `report_too_large` */
  async report(query: PayrollQuery): Promise<PayrollReport> {
    const rows = await this.payroll.people(query, MAX_ITEMS + 1);
    if (rows.length > MAX_ITEMS) throw new Problem('report_too_large');
    return { from: query.from, to: query.to, items: await this.items(rows, query) };
  }

  /** The same as a table. Its beginning is read here, so that what is wrong is still told as a problem. */
  async csv(query: PayrollQuery): Promise<Readable> {
    return Readable.from(this.lines(this.work.tenant, query, await this.page(query)));
  }

  private async *lines(tenant: Tenant, query: PayrollQuery, first: PayrollPage): AsyncGenerator<string> {
    yield csvLine(COLUMNS);
    for (let page = first; ;) {
      yield page.items.map(lineOf).join('');
      const { next } = page;
      if (!next) return;
      page = await this.work.within(tenant, () => this.page(query, next));
    }
  }

  private async page(query: PayrollQuery, after?: PayrollKey): Promise<PayrollPage> {
    const rows = await this.payroll.people(query, CSV_PAGE, after);
    const last = rows.at(-1);
    return {
      items: await this.items(rows, query),
      next: last && rows.length === CSV_PAGE ? [last.lastName, last.firstName, last.id] : undefined,
    };
  }

  /** Whose kind of leave or number is told, is noted. */
  private items(rows: PayrollRow[], query: PayrollQuery): Promise<PayrollItem[]> {
    for (const { id, externalId, leave } of rows) {
      if (externalId !== null) this.accesses.record({ action: 'profile_read', targetType: 'User', targetId: id, userId: id });
      if (leave.length > 0) this.accesses.record({ action: 'leave_read', targetType: 'User', targetId: id, userId: id });
    }
    return mapInTurns(rows, (row) => itemOf(row, query));
  }
}

interface PayrollPage {
  items: PayrollItem[];
  /** Where to go on; undefined at the end. */
  next: PayrollKey | undefined;
}

async function itemOf(row: PayrollRow, query: PayrollQuery): Promise<PayrollItem> {
  const { id, firstName, lastName, externalId, workedMinutes, approvedMinutes, leave } = row;
  const days: Record<LeaveType, number> = { PTO: 0, SICK: 0, UNPAID: 0 };
  for (const request of leave) days[request.leaveType] += await daysInside(request, query, row);
  return {
    user: { id, name: `${firstName} ${lastName}`, externalId },
    workedMinutes,
    approvedMinutes,
    ptoDays: days.PTO,
    sickDays: days.SICK,
    unpaidDays: days.UNPAID,
  };
}

const lineOf = ({ user, workedMinutes, approvedMinutes, ptoDays, sickDays, unpaidDays }: PayrollItem): string =>
  csvLine([user.id, user.name, user.externalId, workedMinutes, approvedMinutes, ptoDays, sickDays, unpaidDays]);
