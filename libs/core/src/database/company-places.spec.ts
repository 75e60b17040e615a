import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '../http/problem.js';
import { CompanyPlaces } from './company-places.js';

const PATIENCE_MS = 100;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

type Step = { does: 'take' | 'giveBack'; company: string } | { does: 'wait'; ms: number };

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('take' as const), company: fc.constantFrom('A', 'B') }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('giveBack' as const), company: fc.constantFrom('A', 'B') }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2 * PATIENCE_MS }) }) },
);

/** What happened to whom, in order. */
interface Heard {
  granted: number[];
  refused: number[];
}

/** What should: places as numbers, and who waits since when. */
class Model {
  private readonly taken = new Map<string, number>();
  private waiting: { id: number; company: string; until: number }[] = [];
  private now = 0;
  readonly heard: Heard = { granted: [], refused: [] };

  constructor(private readonly perCompany: number) {}

  holds = (company: string): number => this.taken.get(company) ?? 0;

  take(company: string, id: number): void {
    if (this.holds(company) === this.perCompany) this.waiting.push({ id, company, until: this.now + PATIENCE_MS });
    else this.grant(company, id);
  }

  giveBack(company: string): void {
    this.taken.set(company, this.holds(company) - 1);
    const next = this.waiting.find((one) => one.company === company);
    if (!next) return;
    this.waiting = this.waiting.filter((one) => one !== next);
    this.grant(company, next.id);
  }

  wait(ms: number): void {
    this.now += ms;
    this.heard.refused.push(...this.waiting.filter(({ until }) => until <= this.now).map(({ id }) => id));
    this.waiting = this.waiting.filter(({ until }) => until > this.now);
  }

  private grant(company: string, id: number): void {
    this.taken.set(company, this.holds(company) + 1);
    this.heard.granted.push(id);
  }
}

it('never lets more in than there are places, loses none, keeps the order, and gives those nothing who gave up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), async (perCompany, steps) => {
      const places = new CompanyPlaces(perCompany, PATIENCE_MS);
      const model = new Model(perCompany);
      const heard: Heard = { granted: [], refused: [] };
      const play = async (one: Step, id: number): Promise<void> => {
        if (one.does === 'wait') {
          model.wait(one.ms);
          await jest.advanceTimersByTimeAsync(one.ms);
        } else if (one.does === 'take') {
          model.take(one.company, id);
          const waits = places.take(one.company);
          const granted = () => heard.granted.push(id);
          if (waits) void waits.then(granted, () => heard.refused.push(id));
          else granted();
        } else if (model.holds(one.company) > 0) {
          model.giveBack(one.company);
          places.giveBack(one.company);
        }
        await jest.advanceTimersByTimeAsync(0);
        expect(heard).toEqual(model.heard);
      };
      for (const [id, one] of steps.entries()) await play(one, id);
      // whoever still waits gives up; then all places that are taken are given back, and as many can be had again
      await play({ does: 'wait', ms: PATIENCE_MS }, -1);
      for (const company of ['A', 'B']) {
        while (model.holds(company) > 0) await play({ does: 'giveBack', company }, -1);
        for (let place = 0; place < perCompany; place++) expect(places.take(company)).toBeUndefined();
        expect(() => new CompanyPlaces(1).giveBack(company)).toThrow('nobody had');
      }
      expect(jest.getTimerCount()).toBe(0);
    }),
    { numRuns: 300 },
  );
});

it('refuses with 503 and Retry-After whoever waited too long', async () => {
  const places = new CompanyPlaces(1);
  expect(places.take('A')).toBeUndefined();
  const refused = Promise.resolve(places.take('A')).catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(4999);
  expect(jest.getTimerCount()).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  const problem = (await refused) as Problem;
  expect([problem.code, problem.more.headers]).toEqual(['service_unavailable', { 'retry-after': '1' }]);
  expect(places.take('B')).toBeUndefined();
});
