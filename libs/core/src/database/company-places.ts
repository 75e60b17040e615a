import { Problem } from '../http/problem.js';

const PATIENCE_MS = 5000;

/** Gives a place back, once. */
export type GiveBack = () => void;

interface Company {
  taken: number;
  /** In order of arrival. */
  waiting: Set<() => void>;
}

/**
 * How much of what all share (connections of the pool, hashes of passwords) one company may have at once, so that a noisy one leaves room for
 * the others. Whoever finds all places of the company taken waits in order of arrival. A company without a request takes no memory.
 */
export class CompanyPlaces {
  private readonly companies = new Map<string, Company>();

  constructor(
    private readonly perCompany: number,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /**
   * Takes a place, to be given back with {@link giveBack}.
   * @returns undefined where one is free, for then nobody waits, not even for a promise
   * @throws 503 after 5 s; nothing is taken then
   */
  take(companyId: string): Promise<void> | undefined {
    const company = this.companies.get(companyId);
    if (!company) this.companies.set(companyId, { taken: 1, waiting: new Set() });
    else if (company.taken < this.perCompany) company.taken++;
    else return this.queue(company);
    return undefined;
  }

  /** The first who waits gets it. */
  giveBack(companyId: string): void {
    const company = this.companies.get(companyId);
    if (!company) throw new Error('a place was given back that nobody had');
    const [next] = company.waiting;
    if (next) next();
    else if (--company.taken === 0) this.companies.delete(companyId);
  }

  private queue({ waiting }: Company): Promise<void> {
    return new Promise((resolve, reject) => {
      const granted = () => {
        clearTimeout(timer);
        waiting.delete(granted);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(granted);
        reject(
          new Problem('service_unavailable', { detail: 'Too many requests of this company at once', headers: { 'retry-after': '1' } }),
        );
      }, this.patienceMs);
      waiting.add(granted);
    });
  }
}
