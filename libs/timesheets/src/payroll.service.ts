import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Accesses, csvLine, refuseReversed, UnitOfWork } from '#core';
import type { Tenant } from '#core';
import type { LeaveType } from '#leave';
import type { PayrollItem, PayrollQuery, PayrollReport } from './payroll.dto.js';
import { daysInside } from './payroll-days.js';
import { PayrollRepository } from './payroll.repository.js';
import type { PayrollKey, PayrollRow } from './payroll.repository.js';

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

  /** @throws 400 for a range that ends before it starts */
  async report(query: PayrollQuery): Promise<PayrollReport> {
    await refuseReversed(this.work, query);
    const { items } = await this.page(query, null);
    return { from: query.from, to: query.to, items };
  }

  /** The same as a table. Its beginning is read here, so that what is wrong is still told as a problem. */
  async csv(query: PayrollQuery): Promise<Readable> {
    await refuseReversed(this.work, query);
    return Readable.from(this.lines(this.work.tenant, query, await this.page(query, CSV_PAGE)));
  }

  private async *lines(tenant: Tenant, query: PayrollQuery, first: PayrollPage): AsyncGenerator<string> {
    yield csvLine(COLUMNS);
    for (let page = first; ;) {
      yield page.items.map(lineOf).join('');
      const { next } = page;
      if (!next) return;
      page = await this.work.within(tenant, () => this.page(query, CSV_PAGE, next));
    }
  }

  /** That somebody's kind of leave was told, is noted. */
  private async page(query: PayrollQuery, limit: number | null, after?: PayrollKey): Promise<PayrollPage> {
    const rows = await this.payroll.people(query, limit, after);
    for (const { id, leave } of rows) {
      if (leave.length > 0) this.accesses.record({ action: 'leave_read', targetType: 'User', targetId: id, userId: id });
    }
    const last = rows.at(-1);
    return {
      items: await Promise.all(rows.map((row) => itemOf(row, query))),
      next: last && rows.length === limit ? [last.lastName, last.firstName, last.id] : undefined,
    };
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
