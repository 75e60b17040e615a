import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from '../clock.js';
import { Config } from '../config.js';
import type { Tenant } from '../database/tenant.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { behindRequest } from '../http/request-scope.js';
import { Jobs } from '../jobs.js';
import { deriveKeys } from '../keys.js';
import { codeOf, InjectLog } from '../log.js';
import { unseal } from './mail-seal.js';
import { plainName, render } from './mail-templates.js';
import { MailTransport } from './mail-transport.js';
import type { ReadyMail } from './mail-transport.js';

/** With pauses of 1, 2, 4 ... 256 minutes, then twice 6 hours, the last attempt comes 20 hours after the first. */
const ATTEMPTS = 12;
/** At once: each needs a connection of the pool for a moment. */
const BATCH = 4;
/** What a stopping server leaves to the mails that are on their way. */
const FINISH_WITHIN_MS = 3_000;

interface Claimed {
  id: string;
  userId: string;
  template: string;
  sealed: string | null;
  attempts: number;
  expiresAt: string;
  createdAt: string;
}

interface Recipient {
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  company: string;
}

// Whoever claims a mail has it for two minutes: a replica that dies meanwhile leaves it to the others. The next attempt is set before
// this one begins, so that nothing has to be written when it fails badly.
const CLAIM = `
  WITH due AS MATERIALIZED (
    SELECT id FROM queued_mails
    WHERE "companyId" = $1 AND "dueAt" <= $2 AND ("leasedUntil" IS NULL OR "leasedUntil" <= now())
    ORDER BY "dueAt", id LIMIT $3 FOR UPDATE SKIP LOCKED)
  UPDATE queued_mails m SET attempts = m.attempts + 1, "leasedUntil" = now() + interval '2 minutes',
    "dueAt" = $2::timestamptz + least(interval '1 minute' * power(2, m.attempts), interval '6 hours')
  FROM due WHERE m."companyId" = $1 AND m.id = due.id
  RETURNING m.id, m."userId", m.template, m.sealed, m.attempts, m."expiresAt", m."createdAt"`;

const RECIPIENTS = `
  SELECT u.id, u.email, u."firstName", u."lastName", c.name AS company
  FROM users u JOIN companies c ON c.id = u."companyId" AND c."deletedAt" IS NULL
  WHERE u."companyId" = $1 AND u.id = ANY ($2) AND u."deletedAt" IS NULL AND NOT u."isAnonymized"`;

/** Sends what is queued: right after the commit, and every minute what did not get through. */
@Injectable()
export class MailSender implements OnModuleInit, BeforeApplicationShutdown {
  private readonly keys: KeyObject[];
  /** Companies that may have something to send. */
  private readonly waiting = new Set<string>();
  /** Whether every company could be looked at; it never rejects, as nobody may be waiting. */
  private working: Promise<boolean> | undefined;
  private readonly stopped = new AbortController();
  private isStopping = false;

  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly transport: MailTransport,
    private readonly jobs: Jobs,
    @InjectLog() private readonly log: Logger,
  ) {
    this.keys = deriveKeys(config.jwtSecrets, 'mail');
  }

  onModuleInit(): void {
    this.jobs.register({
      name: 'mail',
      about: 'Sends the queued mails that did not get through right after their commit.',
      everySeconds: 60,
      everywhere: true,
      run: () => this.sendAll(),
    });
  }

  /** Sends what is due in a company, in the background. */
  wake(companyId: string): void {
    if (this.isStopping) return; // it stays queued: the next start, or another replica, has it within a minute
    this.waiting.add(companyId);
    this.working ??= behindRequest(() => this.sendWaiting());
  }

  /** Sends what is due in every company. @throws when one could not be looked at, after the others; not for mails that are to be tried again */
  async sendAll(): Promise<void> {
    for (const id of await this.work.companyIds()) this.wake(id);
    if ((await this.working) === false) throw new Error('the queued mails could not be looked at everywhere');
  }

  /** Resolves when no mail is on its way from this replica. */
  async idle(): Promise<void> {
    await this.working;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    this.waiting.clear();
    const tooLate = setTimeout(() => this.stopped.abort(), FINISH_WITHIN_MS);
    await this.working;
    clearTimeout(tooLate);
  }

  private async sendWaiting(): Promise<boolean> {
    let isWhole = true;
    for (const companyId of this.waiting) {
      this.waiting.delete(companyId); // woken again meanwhile, it is there again
      try {
        if (await this.sendBatch(companyId)) this.wake(companyId); // behind the others
      } catch (error) {
        isWhole = false;
        this.log.error({ code: codeOf(error) }, 'the queued mails of a company could not be looked at');
      }
    }
    this.working = undefined; // in the same breath as the last look at who waits
    return isWhole;
  }

  /** The company's oldest that are due. @returns whether more may be */
  private async sendBatch(companyId: string): Promise<boolean> {
    const tenant = { companyId, userId: null };
    const claimed = await this.work.within(tenant, async () => {
      const mails = await this.work.query<Claimed>(CLAIM, [clock.now(), BATCH]);
      if (mails.length === 0) return [];
      const recipients = await this.work.query<Recipient>(RECIPIENTS, [mails.map(({ userId }) => userId)]);
      return mails.map((mail) => ({ mail, recipient: recipients.find(({ id }) => id === mail.userId) }));
    });
    await Promise.all(claimed.map(({ mail, recipient }) => this.settle(tenant, mail, recipient)));
    return claimed.length === BATCH;
  }

  private async settle(tenant: Tenant, mail: Claimed, recipient: Recipient | undefined): Promise<void> {
    const isDone = await this.deliver(tenant, mail, recipient);
    try {
      await this.work.within(tenant, () => this.work.execute(isDone ? REMOVE : RELEASE, [mail.id]));
    } catch (error) {
      this.log.error({ mail: mail.id, code: codeOf(error) }, 'the end of a mail was not noted; it may be sent again');
    }
  }

  /** Whether there is nothing left to do for this mail: it is sent, or never will be. */
  private async deliver({ companyId }: Tenant, mail: Claimed, recipient: Recipient | undefined): Promise<boolean> {
    const about = { mail: mail.id, template: mail.template, attempt: mail.attempts };
    if (!recipient || Date.parse(mail.expiresAt) <= clock.now().getTime()) {
      this.log.info(about, 'a mail was not sent: its recipient or its link is gone');
      return true;
    }
    try {
      await this.transport.send({ companyId, ...this.compose(mail, recipient) }, this.stopped.signal);
      this.log.info(about, 'mail sent');
      return true;
    } catch (error) {
      const isGivenUp = mail.attempts >= ATTEMPTS || isRefused(error);
      this.log[isGivenUp ? 'error' : 'warn']({ ...about, code: codesOf(error) }, isGivenUp ? 'mail given up' : 'mail not sent yet');
      return isGivenUp;
    }
  }

  private compose(mail: Claimed, { email, firstName, lastName, company }: Recipient): Omit<ReadyMail, 'companyId'> {
    const secrets = mail.sealed === null ? {} : unseal(mail.sealed, mail.id, this.keys);
    if (!secrets) throw Object.assign(new Error('sealed under a secret that is not configured any more'), { code: 'UNSEALABLE' });
    return {
      id: mail.id,
      userId: mail.userId,
      to: { name: plainName(`${firstName} ${lastName}`), address: secrets.address ?? email },
      date: new Date(mail.createdAt),
      ...render(mail.template, { firstName, company, publicUrl: this.config.publicUrl, token: secrets.token ?? '' }),
    };
  }
}

const REMOVE = 'DELETE FROM queued_mails WHERE "companyId" = $1 AND id = $2';
const RELEASE = 'UPDATE queued_mails SET "leasedUntil" = NULL WHERE "companyId" = $1 AND id = $2';

/** Of RFC 3463, for the sender, the host, the route, the protocol and the policy; 5.7.1 is what a relay says that does not know us. */
const NOT_THE_MAILBOX = /^\d{3}[ -]5\.(1\.[78]|[3-7]\.\d+)\b/;

/** The server says that this address takes no mail, now and later. Whatever else is refused may be our configuration. */
const isRefused = (error: unknown): boolean => {
  const { command, responseCode = 0, response = '' } = error as { command?: string; responseCode?: number; response?: string };
  return command === 'RCPT TO' && responseCode >= 500 && !NOT_THE_MAILBOX.test(response);
};

/** With what the server of mails answered. */
const codesOf = (error: unknown): string => `${codeOf(error)} ${(error as { responseCode?: number } | null)?.responseCode ?? ''}`.trim();
