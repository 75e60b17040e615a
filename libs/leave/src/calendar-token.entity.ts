import { Column, Entity, Index } from 'typeorm';
import { Personal } from '#core';
import { UserOwned } from '#identity';

/** What opens a person's calendar feed, until it is made anew or revoked; one a person. */
@Entity('calendar_tokens')
@Index('calendar_tokens_hash_unique', ['companyId', 'tokenHash'], { unique: true })
@Index('calendar_tokens_user_unique', ['companyId', 'userId'], { unique: true })
export class CalendarToken extends UserOwned {
  /** SHA-256 of the token, in hex. */
  @Column('text')
  @Personal({ kind: 'credential', whose: 'userId', purpose: 'the calendar feed', erasure: 'delete_row' })
  tokenHash!: string;
}
