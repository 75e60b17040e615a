import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { Admins } from './admins.js';
import { ApiKeyController } from './api-key.controller.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeyService } from './api-key.service.js';
import { ApiKeys } from './api-keys.js';
import { AuthController } from './auth.controller.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { Credentials } from './credentials.js';
import { ExpirySweep } from './expiry-sweep.js';
import { InvitationAcceptance } from './invitation-acceptance.js';
import { InvitationController } from './invitation.controller.js';
import { Invitations } from './invitation.service.js';
import { MailAllowance } from './mail-allowance.js';
import { MeController } from './me.controller.js';
import { NewOwner } from './new-owner.js';
import { NewPassword } from './new-password.js';
import { OneTimeLinks } from './one-time-links.js';
import { PasswordChange } from './password-change.js';
import { PasswordProof } from './password-proof.js';
import { PasswordResetController } from './password-reset.controller.js';
import { PasswordResetRequests } from './password-reset.requests.js';
import { PasswordReset } from './password-reset.service.js';
import { Passwords } from './passwords.js';
import { PresentPeople } from './present-people.js';
import { Principals } from './principals.js';
import { SessionRotation } from './session-rotation.js';
import { SessionController } from './session.controller.js';
import { SessionRepository } from './session.repository.js';
import { Sessions } from './sessions.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { SignIn } from './sign-in.js';
import { SignOut } from './sign-out.js';
import { Tokens } from './tokens.js';
import { UserApproversController } from './user-approvers.controller.js';
import { UserApprovers } from './user-approvers.js';
import { UserChanges } from './user-changes.js';
import { UserCreation } from './user-creation.js';
import { UserLifecycle } from './user-lifecycle.js';
import { UserSessionsController } from './user-sessions.controller.js';
import { UserStatusController } from './user-status.controller.js';
import { UserController } from './user.controller.js';
import { UserPolicy } from './user.policy.js';
import { UserRepository } from './user.repository.js';

@Module({
  imports: [PassportModule],
  controllers: [
    ApiKeyController,
    AuthController,
    InvitationController,
    MeController,
    PasswordResetController,
    SessionController,
    UserApproversController,
    UserController,
    UserSessionsController,
    UserStatusController,
  ],
  providers: [
    AccessTokenStrategy,
    Admins,
    ApiKeyRepository,
    ApiKeyService,
    ApiKeys,
    AuthenticationGuard,
    Credentials,
    ExpirySweep,
    InvitationAcceptance,
    Invitations,
    MailAllowance,
    NewOwner,
    NewPassword,
    OneTimeLinks,
    PasswordChange,
    PasswordProof,
    PasswordReset,
    PasswordResetRequests,
    Passwords,
    PresentPeople,
    Principals,
    SessionRepository,
    SessionRotation,
    Sessions,
    SignIn,
    SignInAttempts,
    SignOut,
    Tokens,
    UserApprovers,
    UserChanges,
    UserCreation,
    UserLifecycle,
    UserPolicy,
    UserRepository,
  ],
  exports: [
    Admins,
    AuthenticationGuard,
    Credentials,
    NewOwner,
    OneTimeLinks,
    Passwords,
    PresentPeople,
    Principals,
    Sessions,
    Tokens,
    UserPolicy,
    UserRepository,
  ],
})
export class IdentityModule {}
