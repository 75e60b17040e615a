import { Email, Id, Instant, Part, Password, Text, TimeZone, Version, WithFaults } from '#core';
import { TokensView, UserView } from '#identity';

const NAME = { example: 'Analytical Engines' };

class CompanyOwner {
  @Email() email!: string;
  @Password() password!: string;
  @Text(255, { example: 'Ada' }) firstName!: string;
  @Text(255, { example: 'Lovelace' }) lastName!: string;
}

@WithFaults()
export class SignUpBody {
  @Text(255, NAME) name!: string;
  @TimeZone({ optional: true, default: 'UTC' }) timezone?: string;
  @Part(() => CompanyOwner) owner!: CompanyOwner;
}

export class UpdateCompany {
  @Text(255, { ...NAME, optional: true }) name?: string;
  @TimeZone({ optional: true, description: 'The same value as in the settings.' }) timezone?: string;
  @Id({ optional: true, description: 'An ACTIVE Admin.' }) ownerUserId?: string;
}

export class CompanyView {
  @Id() id!: string;
  @Text(255, NAME) name!: string;
  @TimeZone() timezone!: string;
  @Id({ description: 'Who signed the company up, or was named since.' }) ownerUserId!: string;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class SignUpView {
  @Part(() => CompanyView) company!: CompanyView;
  @Part(() => UserView) user!: UserView;
  @Part(() => TokensView) tokens!: TokensView;
}
