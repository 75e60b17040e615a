import { Injectable } from '@nestjs/common';

/** Whether the server is going down: readiness says no, connections are not kept alive. */
@Injectable()
export class Lifecycle {
  draining = false;
}
