import { Injectable } from '@nestjs/common';
import { clock, Config, UnitOfWork } from '#core';
import { attemptKeys, plainEmail } from './attempt-keys.js';

const MAILS = 10;
const HOUR = 3_600_000;

const TAKE = `
  INSERT INTO sign_in_attempts AS a (key, failures, "windowStartedAt", "lockedUntil") VALUES ($1, 0, $2, NULL)
  ON CONFLICT (key) DO UPDATE SET "windowStartedAt" = EXCLUDED."windowStartedAt" WHERE a."windowStartedAt" <= $3
  RETURNING key`;

/**
 * At most ten mails in any hour to one address, for all replicas together. Ten places an address, each taken for an hour: a counter of a
 * window would let twenty through around its end. The rows name no address, only its HMAC.
 */
@Injectable()
export class PasswordResetAllowance {
  private readonly keyOf: (text: string) => string;

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
  ) {
    this.keyOf = attemptKeys(config);
  }

  /** Whether another mail may go to this address now; it is counted then. Outside every transaction. */
  async take(email: string): Promise<boolean> {
    const now = clock.now();
    const anHourAgo = new Date(now.getTime() - HOUR);
    for (const place of await this.free(email, anHourAgo)) {
      const taken = await this.work.outside(TAKE, [place, now, anHourAgo]);
      if (taken.length === 1) return true; // else somebody was quicker
    }
    return false;
  }

  private async free(email: string, anHourAgo: Date): Promise<string[]> {
    const places = Array.from({ length: MAILS }, (_, place) => this.keyOf(`mail ${place} ${plainEmail(email)}`));
    const taken = await this.work.outside<{ key: string }>(
      'SELECT key FROM sign_in_attempts WHERE key = ANY ($1) AND "windowStartedAt" > $2',
      [places, anHourAgo],
    );
    return places.filter((place) => !taken.some(({ key }) => key === place));
  }
}
