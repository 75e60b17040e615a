import { Email, Flag, Id, Instant, Integer, OneOf, Part, Password, Text } from '#core';
import { UserView } from '../users/user.dto.js';

/** As long as a body may be. */
const MIB = 1024 * 1024;

export class LoginBody {
  @Email() email!: string;
  @Text(1024, { example: 'correct horse battery staple' }) password!: string;
  @Id({ optional: true, description: 'Which company, where the password fits several.' }) companyId?: string;
  @Text(MIB, { optional: true, blank: true, example: 'Ada’s phone', description: 'Its first 512 characters are kept.' }) deviceId?: string;
}

export class RefreshBody {
  @Text(1024, { example: 'ncy8r1.Qm9v…' }) refreshToken!: string;
}

export class ChangePasswordBody {
  @Text(1024, { example: 'correct horse battery staple' }) currentPassword!: string;
  @Password({ example: 'a long walk by the sea' }) newPassword!: string;
}

export class TokensView {
  @Text(4000, { example: 'eyJhbGciOiJIUzI1NiIs…' }) accessToken!: string;
  @OneOf(['Bearer']) tokenType!: 'Bearer';
  @Integer(1, 2_147_483_647, { example: 600, description: 'Seconds that the access token lasts.' }) expiresIn!: number;
  @Text(1024, { example: 'ncy8r1.Qm9v…' }) refreshToken!: string;
  @Instant({ description: 'When the session ends for good; rotation does not move it.' }) refreshExpiresAt!: string;
  @Flag({ example: false }) mustChangePassword!: boolean;
  @Part(() => UserView) user!: UserView;
}
