import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import { CompanyPlaces, Problem } from '#core';

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane; about 12 ms. (2 is argon2id; the package exports a const enum.) */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const RUNNING = 2;
const WAITING = 256;
/** So many new passwords of one company are hashed, or wait in the line of all, at once. */
const OF_ONE_COMPANY = 4;

/** Who waits for a hash, by what wakes them. */
type Line = Array<() => void>;

/** A hash of no password at all, to spend the same time where there is no account. */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$QXNdnc4XyLAt9/ceslfnew$yfA33MdDV+GXtkIJtRsNwJ1BdJ3z3vxEKyKnJP7NB+Y';

/** Hashing with a bound: two at once, 256 waiting in each line, the rest is told to come back. Never inside a transaction. */
@Injectable()
export class Passwords {
  private running = 0;
  private readonly signIns: Line = [];
  private readonly newOnes: Line = [];
  private readonly signUps: Line = [];
  private readonly places = new CompanyPlaces(OF_ONE_COMPANY);

  /** Of who signs in. */
  hash(password: string): Promise<string> {
    return this.hashIn(this.signIns, password);
  }

  /**
   * A new password of somebody of this company: behind those who sign in, and few of one company at once, the others waiting for a place of
   * their company's, so that none fills the line of all.
   * @throws 503 also after 5 s without a place
   */
  async hashNew(password: string, companyId: string): Promise<string> {
    await this.places.take(companyId);
    try {
      return await this.hashIn(this.newOnes, password);
    } finally {
      this.places.giveBack(companyId);
    }
  }

  /** Behind all other work: anybody may sign up, and must not keep those waiting who sign in. */
  hashForSignUp(password: string): Promise<string> {
    return this.hashIn(this.signUps, password);
  }

  /** @param passwordHash undefined or empty where there is none: false, after the same time */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    const isRight = await this.bounded(this.signIns, () => verify(passwordHash || NOBODY, password.normalize('NFC')));
    return isRight && Boolean(passwordHash);
  }

  /** Whether a hash was made with other parameters than today's. */
  isOutdated(passwordHash: string): boolean {
    const { memoryCost, timeCost, parallelism } = PARAMETERS;
    return !passwordHash.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`);
  }

  private hashIn(line: Line, password: string): Promise<string> {
    return this.bounded(line, () => hash(password.normalize('NFC'), PARAMETERS));
  }

  private async bounded<T>(line: Line, work: () => Promise<T>): Promise<T> {
    if (this.running >= RUNNING) {
      if (line.length >= WAITING)
        throw new Problem('service_unavailable', { detail: 'Too many sign-ins at once', headers: { 'retry-after': '2' } });
      await new Promise<void>((resolve) => line.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      const next = this.signIns.shift() ?? this.newOnes.shift() ?? this.signUps.shift();
      if (next) next();
      else this.running--;
    }
  }
}
