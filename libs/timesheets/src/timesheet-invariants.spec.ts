import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Answer } from '../../../test/client.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

let server: TestServer;
let company: Company;
let code: string;

beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
  company = await server.company();
  code = (await company.actionCode()).id;
});
afterAll(() => server?.stop());

const DAYS = ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05'];
const PERIODS = [
  ['2026-03-02', '2026-03-03'],
  ['2026-03-04', '2026-03-05'],
  ['2026-03-03', '2026-03-04'],
] as const;
const MOVES = ['submit', 'withdraw', 'approve', 'reject', 'reopen'] as const;

const day = fc.constantFrom(...DAYS);
const nth = fc.nat(20);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('minutes' as const), day, durationMin: fc.nat(700) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('span' as const), day, hour: fc.nat(20), length: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('batch' as const),
      days: fc.array(day, { minLength: 1, maxLength: 4 }),
      durationMin: fc.nat(200),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const), nth, day }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resize' as const), nth, durationMin: fc.nat(700) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), nth }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sheet' as const), period: fc.constantFrom(...PERIODS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reshape' as const), nth, period: fc.constantFrom(...PERIODS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), nth }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('decide' as const), nth, move: fc.constantFrom(...MOVES) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** One person's time, written to from many sides at once. */
class Time {
  readonly entries: string[] = [];
  readonly sheets: string[] = [];

  constructor(
    readonly person: Person,
    readonly lead: Person,
  ) {}

  async run(op: Operation): Promise<Answer> {
    const { person, lead } = this;
    const booked = { actionCodeId: code, country: 'DE' };
    const entry = () => `/timesheet-entries/${pick(this.entries, op)}`;
    const sheet = () => `/timesheets/${pick(this.sheets, op)}`;
    switch (op.do) {
      case 'minutes':
        return this.keep(this.entries, await person.post('/timesheet-entries', { ...booked, day: op.day, durationMin: op.durationMin }));
      case 'span': {
        const [startedAt, endedAt] = [op.hour, op.hour + op.length].map((hour) => `${op.day}T${String(hour).padStart(2, '0')}:00:00Z`);
        return this.keep(this.entries, await person.post('/timesheet-entries', { ...booked, startedAt, endedAt, timezone: 'UTC' }));
      }
      case 'batch':
        return person.post('/timesheet-entries/batch', {
          entries: op.days.map((one) => ({ ...booked, day: one, durationMin: op.durationMin })),
        });
      case 'move':
        return person.patch(entry(), { day: op.day, startedAt: null, endedAt: null });
      case 'resize':
        return person.patch(entry(), { durationMin: op.durationMin, startedAt: null, endedAt: null });
      case 'remove':
        return person.delete(entry());
      case 'sheet':
        return this.keep(this.sheets, await person.post('/timesheets', { periodStart: op.period[0], periodEnd: op.period[1] }));
      case 'reshape':
        return person.patch(sheet(), { periodStart: op.period[0], periodEnd: op.period[1] });
      case 'drop':
        return person.delete(sheet());
      default:
        return (op.move === 'approve' || op.move === 'reject' ? lead : person).post(
          `${sheet()}/${op.move}`,
          op.move === 'submit' || op.move === 'withdraw' ? undefined : { reason: 'x' },
        );
    }
  }

  private keep(list: string[], answer: Answer): Answer {
    if (answer.status === 201) list.push(answer.body.id);
    return answer;
  }
}

const NONE = '00000000-0000-4000-8000-000000000000';
const pick = (list: string[], op: Operation): string => list[('nth' in op ? op.nth : 0) % Math.max(1, list.length)] ?? NONE;

/** Each finds what must not be, among the rows of one person (`$1`). Two lines of the history may be of one millisecond. */
const NEVER = {
  'a sum that is not that of its entries': `
    SELECT t.id FROM timesheets t WHERE t."userId" = $1 AND t."totalMinutes" <>
      (SELECT coalesce(sum(e."durationMin"), 0) FROM timesheet_entries e WHERE e."timesheetId" = t.id AND e."deletedAt" IS NULL)`,
  'a day of more than 1440 minutes': `
    SELECT day FROM timesheet_entries WHERE "userId" = $1 AND "deletedAt" IS NULL GROUP BY day HAVING sum("durationMin") > 1440`,
  'an entry outside the timesheet of its day': `
    SELECT e.id FROM timesheet_entries e
    LEFT JOIN timesheets t ON t."userId" = e."userId" AND t."deletedAt" IS NULL AND e.day BETWEEN t."periodStart" AND t."periodEnd"
    WHERE e."userId" = $1 AND e."deletedAt" IS NULL AND e."timesheetId" IS DISTINCT FROM t.id`,
  'somebody still asked after the round': `
    SELECT a.id FROM timesheet_approvals a JOIN timesheets t ON t.id = a."timesheetId"
    WHERE t."userId" = $1 AND a.status = 'PENDING' AND (t.status <> 'SUBMITTED' OR a.round <> t.round)`,
  'a draft that remembers its round': `
    SELECT id FROM timesheets WHERE "userId" = $1 AND status = 'DRAFT' AND num_nonnulls("submittedAt", "submittedByUserId", "approvedAt", "approverId", "roundPolicy") > 0`,
  'a settled timesheet without a decision': `
    SELECT t.id FROM timesheets t WHERE t."userId" = $1 AND t.status IN ('APPROVED', 'REJECTED') AND NOT EXISTS (
      SELECT 1 FROM timesheet_approvals a WHERE a."timesheetId" = t.id AND a.round = t.round AND a.status = t.status AND a.digest IS NOT NULL)`,
  'an entry changed while its timesheet was locked': `
    SELECT e.id FROM timesheet_entries e JOIN timesheets t ON t.id = e."timesheetId"
    WHERE t."userId" = $1 AND t.status IN ('SUBMITTED', 'APPROVED') AND e."deletedAt" IS NULL AND e."updatedAt" > t."submittedAt"`,
  'two neighbours of the history that do not join': `
    SELECT id FROM (
      SELECT h.id, d.key, d.value -> 'before' AS before, lag(d.value -> 'after') OVER (PARTITION BY h."targetId", d.key ORDER BY h."occurredAt", h.xmin::text::bigint) AS previous
      FROM timesheet_history h CROSS JOIN LATERAL jsonb_each(h.diff) d
      WHERE h."userId" = $1 AND h."targetType" IN ('Timesheet', 'TimesheetEntry') AND h.action <> 'created'
    ) pairs WHERE previous IS NOT NULL AND previous <> before`,
  'an entry whose history ends elsewhere': `
    SELECT e.id FROM timesheet_entries e
    CROSS JOIN LATERAL (
      SELECT d.value -> 'after' AS after FROM timesheet_history h CROSS JOIN LATERAL jsonb_each(h.diff) d
      WHERE h."targetId" = e.id AND d.key = 'durationMin' ORDER BY h."occurredAt" DESC, h.xmin::text::bigint DESC LIMIT 1
    ) last
    WHERE e."userId" = $1 AND e."deletedAt" IS NULL AND last.after <> to_jsonb(e."durationMin")`,
};

it('whatever many do at once, the time of a person adds up, and no answer is a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 30, maxLength: 60 }), async (operations) => {
      const [person, lead] = [await company.person(), await company.person()];
      await company.team({ leads: [lead], members: [person] });
      const time = new Time(person, lead);
      const answers: string[] = [];
      for (let from = 0; from < operations.length; from += 10) {
        const some = await Promise.all(operations.slice(from, from + 10).map(async (op) => [op.do, await time.run(op)] as const));
        answers.push(
          ...some
            .filter(([, { status }]) => ![200, 201, 204, 404, 409].includes(status))
            .map(([what, { status, body }]) => `${what} ${status} ${body.code}`),
        );
      }
      expect(answers.filter((answer) => answer !== 'decide 403 self_approval')).toEqual([]); // an owner reopens what was approved meanwhile
      for (const [what, statement] of Object.entries(NEVER))
        expect({ what, found: await server.sql(statement, [person.id]) }).toEqual({ what, found: [] });
    }),
    { numRuns: 6, endOnFailure: true },
  );
});
