import { Injectable } from '@nestjs/common';
import { CompanyRepository } from '#companies';
import { mapInTurns, Problem, todayIn } from '#core';
import { dayAfter, daysUnder } from '#leave';
import type { Principal } from '#rbac';
import type { MissingQuery, MissingReport } from './missing.dto.js';
import { MissingRepository } from './missing.repository.js';
import type { Span } from './missing.repository.js';

/** Days of all people together, a month of ten thousand: 3.5 MB. */
const MOST_TOLD = 250_000;

@Injectable()
export class MissingService {
  constructor(
    private readonly missing: MissingRepository,
    private readonly companies: CompanyRepository,
  ) {}

  /** Days to come are not missing yet. @throws 400 `report_too_large` */
  async report(caller: Principal, { from, to }: MissingQuery): Promise<MissingReport> {
    const settings = await this.companies.getSettings();
    const today = todayIn(settings.timezone);
    const last = to < today ? to : today;
    const range = { startDate: from, endDate: last, startPortion: 'full', endPortion: 'full' } as const;
    const working = last < from ? [] : (await daysUnder(settings, range)).filter(({ counted }) => counted > 0);
    const days = working.map(({ day }) => ({ day, start: `${day}T00:00:00`, next: dayAfter(day, 1) }));
    const people = days.length > 0 ? await this.missing.people(caller, days[0]!.day, days.at(-1)!.day) : [];
    let told = 0;
    const items = await mapInTurns(people, ({ user, covered, away }) => {
      const missing = days.filter((day) => !isIn(covered, day) && !isIn(away, day)).map(({ day }) => day);
      told += missing.length;
      if (told > MOST_TOLD) throw new Problem('report_too_large');
      return { user, days: missing };
    });
    return { from, to, items: items.filter((item) => item.days.length > 0) };
  }
}

/** Whether a whole day lies in one of the spans; instants compare as text, and with days too. */
const isIn = (spans: Span[] | null, { start, next }: { start: string; next: string }): boolean =>
  spans?.some(([from, to]) => from <= start && next <= to) ?? false;
