import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import Calendar from 'date-holidays';
import type { HolidaysTypes } from 'date-holidays';
import fc from 'fast-check';
import { requestScope } from '#core';
import { isHolidayCalendar } from './holiday-calendars.js';
import { holidaysOf } from './holidays.js';

const daysOf = async (calendar: string, year: number) => (await holidaysOf(calendar, year)).map(({ date }) => date.slice(5));

describe('the days on which holidays are kept', () => {
  it('are those of the federal law in the USA, a Saturday on Friday and a Sunday on Monday', async () => {
    const of2026 = ['01-01', '01-19', '02-16', '05-25', '06-19', '07-03', '09-07', '10-12', '11-11', '11-26', '12-25'];
    expect(await daysOf('us_federal_holidays', 2026)).toEqual(of2026);
    expect((await holidaysOf('us_federal_holidays', 2026))[5]).toEqual({ date: '2026-07-03', name: 'Independence Day' });
    // opm.gov: New Year's Day of 2022 was kept in 2021, Veterans Day of 2023 on a Friday
    const of2021 = ['01-01', '01-18', '02-15', '05-31', '06-18', '07-05', '09-06', '10-11', '11-11', '11-25', '12-24', '12-31'];
    expect(await daysOf('us_federal_holidays', 2021)).toEqual(of2021);
    expect((await daysOf('us_federal_holidays', 2022))[0]).toBe('01-17');
    expect(await daysOf('us_federal_holidays', 2023)).toContain('11-10');
    expect(await daysOf('us_federal_holidays', 2023)).not.toContain('11-11');
    expect(await daysOf('us_federal_holidays', 2020)).not.toContain('06-19');
  });

  it('stay where they are in Bavaria and France', async () => {
    const bavaria = ['01-01', '01-06', '04-03', '04-06', '05-01', '05-14', '05-25', '06-04', '10-03', '11-01', '12-25', '12-26'];
    expect(await daysOf('DE-BY', 2026)).toEqual(bavaria);
    expect(await daysOf('FR', 2026)).toEqual([
      '01-01',
      '04-06',
      '05-01',
      '05-08',
      '05-14',
      '05-25',
      '07-14',
      '08-15',
      '11-01',
      '11-11',
      '12-25',
    ]);
    expect(await daysOf('DE', 2026)).not.toContain('01-06');
    expect((await holidaysOf('FR', 2026))[6]).toEqual({ date: '2026-07-14', name: 'Fête Nationale de la France' });
  });

  it('are the substitutes where a country has them', async () => {
    expect(await daysOf('GB-ENG', 2022)).toEqual(
      ['01-03', '04-15', '04-18', '05-02', '06-02', '06-03', '09-19', '12-26', '12-27', '08-29'].toSorted(),
    );
  });

  it('are all days of a long holiday, by the day that follows the evening on which it begins', async () => {
    expect(await daysOf('AE', 2026)).toEqual(expect.arrayContaining(['03-20', '03-21', '03-22']));
    expect(await daysOf('AE', 2026)).not.toContain('03-19');
  });

  it('are no afternoons and evenings', async () => {
    expect(await daysOf('CH-VS', 2026)).not.toContain('12-24');
  });

  it('are none without a calendar', async () => {
    expect(await holidaysOf(null, 2026)).toEqual([]);
  });

  it('are in order, each once', async () => {
    for (const calendar of ['us_federal_holidays', 'US', 'JP', 'SZ', 'ES-CT', 'CH-ZH']) {
      const days = (await holidaysOf(calendar, 2027)).map(({ date, name }) => `${date} ${name}`);
      expect(days.map((day) => day.slice(0, 10))).toEqual(days.map((day) => day.slice(0, 10)).toSorted());
      expect(new Set(days).size).toBe(days.length);
    }
  });
});

describe('holidays worked out with whole neighbouring years', () => {
  const DAY_MS = 86_400_000;
  const whole = new Calendar();
  const codes = Object.keys(whole.getCountries()).flatMap((country) => [
    country,
    ...Object.keys(whole.getStates(country) ?? {}).map((state) => `${country}-${state}`),
  ]);

  function kept(code: string, year: number): string[] {
    const [country = '', state = ''] = code.split('-');
    const calendar = new Calendar(country, state, { timezone: 'UTC', types: ['public'] });
    const around = [year - 1, year, year + 1].flatMap((each) => calendar.getHolidays(each));
    const replaced = around
      .filter(({ substitute }) => substitute)
      .map(({ name, start }) => {
        const distance = (other: HolidaysTypes.Holiday) => Math.abs(other.start.getTime() - start.getTime());
        const isOf = (other: HolidaysTypes.Holiday) =>
          !other.substitute && name.startsWith(`${other.name} (`) && other.start.getUTCDay() % 6 === 0;
        return around.filter((other) => isOf(other) && distance(other) <= 7 * DAY_MS).toSorted((a, b) => distance(a) - distance(b))[0];
      });
    const days = new Set<string>();
    for (const { start, end, name } of around.filter((holiday) => !replaced.includes(holiday))) {
      for (let day = Math.floor(start.getTime() / DAY_MS) * DAY_MS; day < end.getTime(); day += DAY_MS) {
        const free = Math.min(end.getTime(), day + DAY_MS) - Math.max(start.getTime(), day);
        const date = new Date(day).toISOString().slice(0, 10);
        if (free > DAY_MS / 2 && date.startsWith(`${year}-`)) days.add(`${date} ${name}`);
      }
    }
    return [...days].toSorted();
  }

  it('are the same, whatever calendar and year', async () => {
    const reachedInto = fc.constantFrom('AZ', 'MS', 'ST', 'SZ', 'US'); // each in some years
    await fc.assert(
      fc.asyncProperty(fc.oneof(reachedInto, fc.constantFrom(...codes)), fc.integer({ min: 1970, max: 2199 }), async (code, year) => {
        const told = (await holidaysOf(code, year)).map(({ date, name }) => `${date} ${name}`);
        expect({ code, year, told: told.toSorted() }).toEqual({ code, year, told: kept(code, year) });
      }),
      { numRuns: 1000, interruptAfterTimeLimit: 2000 },
    );
  });
});

/** As requests of a company do, all at once; each year joins those that are done. */
const asked = (companyId: string, code: string, years: number[], done: number[]) =>
  requestScope.run({ requestId: 'r', ip: null, userAgent: null, tenant: { companyId, userId: null } }, () =>
    Promise.all(years.map((year) => holidaysOf(code, year).then(() => done.push(year)))),
  );

describe('working holidays out', () => {
  it('lets others run in between', async () => {
    const done: number[] = [];
    void asked('one', 'HK', [2101], done);
    let turns = 0;
    for (; done.length < 1; turns++) await nextTurn();
    expect(turns).toBeGreaterThan(3);
  });

  it('takes turns by company, however many years one asks for', async () => {
    const [many, few]: [number[], number[]] = [[], []];
    const noisy = asked('noisy', 'CN', [2111, 2112, 2113, 2114, 2115, 2116, 2117, 2118, 2119], many); // each a third of the other's
    await asked('quiet', 'HK', [2111], few);
    expect([few.length, many.length < 8]).toEqual([1, true]);
    await noisy;
  });

  it('is not done again for what was asked for lately', async () => {
    const [lately, once] = [await holidaysOf('IT', 2150), await holidaysOf('IT', 2151)];
    for (const code of ['CA', 'IN', 'UY', 'ST', 'SV']) {
      for (let year = 1970; year < 2170; year++) await holidaysOf(code, year);
      expect(await holidaysOf('IT', 2150)).toBe(lately);
    }
    expect(await holidaysOf('IT', 2151)).not.toBe(once);
  });
});

describe('a calendar', () => {
  it.each(['us_federal_holidays', 'FR', 'DE-BY', 'US', 'GB-ENG', 'DE-BY-KATH'])('is %s', (code) =>
    expect(isHolidayCalendar(code)).toBe(true),
  );

  it.each(['', 'XX', 'fr', 'DE-XX', 'DE-', 'DE-BY-', 'DE-BY-KATH-X', 'constructor', 'DE-constructor', 'de_by', 7, null, undefined, {}])(
    'is not %p',
    (code) => expect(isHolidayCalendar(code)).toBe(false),
  );
});
