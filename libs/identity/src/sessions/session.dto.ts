import { Flag, Id, Instant, PageOf, Text } from '#core';

export class SessionView {
  @Id() id!: string;
  @Text(45, { nullable: true, example: '203.0.113.7' }) ip!: string | null;
  @Text(512, { nullable: true, example: 'Mozilla/5.0' }) userAgent!: string | null;
  @Text(512, { nullable: true, example: 'Ada’s phone' }) deviceId!: string | null;
  @Instant() createdAt!: string;
  @Instant({ description: 'Noted at most once a minute.' }) lastSeenAt!: string;
  @Instant({ description: 'When it ends for good, however often it is used.' }) expiresAt!: string;
  @Flag({ description: 'Whether it is the session of this request.' }) current!: boolean;
}

export class SessionPage extends PageOf(SessionView) {}
