import { Injectable } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { Config, Problem } from '#core';

/** Where sign-up is switched off nobody learns whether their request was valid. */
@Injectable()
export class SignUpGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  canActivate(): boolean {
    if (!this.config.signupEnabled) throw new Problem('signup_disabled');
    return true;
  }
}
