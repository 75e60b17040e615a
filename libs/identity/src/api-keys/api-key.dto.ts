import { clock, Id, Instant, PageOf, PageQuery, Rule, Text, Texts, Version } from '#core';
import { PermissionNames } from '#rbac';
import type { PermissionName } from '#rbac';

const PERMISSIONS = {
  nullable: true,
  description: 'What it may do at most; null: all that its owner may. An empty list: the owner’s own data only.',
  example: ['read_report'],
};

const EXPIRY = { nullable: true, example: '2199-12-31T00:00:00Z' };

const faultOfExpiry = ({ expiresAt }: CreateApiKey): string | undefined =>
  expiresAt && Date.parse(expiresAt) <= clock.now().getTime() ? 'must be in the future' : undefined;

export class CreateApiKey {
  @Text(255, { example: 'Payroll export' }) name!: string;
  @PermissionNames({ ...PERMISSIONS, optional: true }) permissions?: PermissionName[] | null;
  @Rule<CreateApiKey>([], faultOfExpiry)
  @Instant({ ...EXPIRY, optional: true, description: 'Later than now. Null or absent: never.' })
  expiresAt?: string | null;
}

export class ApiKeyView {
  @Id() id!: string;
  @Id({ description: 'Its owner.' }) userId!: string;
  @Text(255, { example: 'Payroll export' }) name!: string;
  @Texts(100, PERMISSIONS) permissions!: string[] | null;
  @Instant(EXPIRY) expiresAt!: string | null;
  @Instant({ nullable: true, description: 'Noted at most once a minute.' }) lastUsedAt!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class NewApiKeyView extends ApiKeyView {
  @Text(100, { description: 'Shown this once.', example: 'ncy8_…' }) key!: string;
}

export class ApiKeyPage extends PageOf(ApiKeyView) {}

export class ApiKeyQuery extends PageQuery {
  @Id({ optional: true, description: 'Those of this user.' }) userId?: string;
}
