import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Get, Patch } from '@nestjs/common';
import type { Client } from '../../../../test/client.js';
import { startProbe } from '../../../../test/probe.js';
import { expectVersion, IfMatch } from './etag.js';
import type { ExpectedVersion } from './etag.js';

const RECORD = { id: 'x', version: 7 };

@Controller('probe')
class Probe {
  @Get()
  read() {
    return RECORD;
  }

  @Patch()
  change(@IfMatch() expected: ExpectedVersion) {
    expectVersion(RECORD, expected);
    return RECORD;
  }
}

let probe: Client;
beforeAll(async () => {
  probe = await startProbe(Probe);
});
afterAll(() => probe.app.close());

it.each([
  ['"7"', 200],
  ['*', 200],
  ['"6"', 412],
  ['"0"', 412],
  ['"07"', 412],
  ['"2147483648"', 412],
  ['"9999999999"', 412],
  ['"7e0"', 400],
  ['"-7"', 400],
  ['"7.0"', 400],
  ['""', 400],
  ['7', 400],
  ['W/"7"', 400],
  ['"7", "8"', 400],
  ['"a"', 400],
])('a write with If-Match %s of the version 7 is %i', async (header, status) => {
  const answer = await probe.patch('/probe', undefined, { 'if-match': header });
  expect([answer.status, answer.body.code]).toEqual([status, { 400: 'validation_failed', 412: 'version_mismatch' }[status]]);
});

it.each(['GET', 'HEAD'] as const)('%s of what the client has is 304', async (method) => {
  const ask = (header: string) => probe.app.inject({ method, url: '/api/v1/probe', headers: { 'if-none-match': header } });
  for (const header of ['"7"', 'W/"7"', '"6", "7"', '*']) {
    const { statusCode, headers, payload } = await ask(header);
    expect([statusCode, headers.etag, payload]).toEqual([304, '"7"', '']);
  }
  expect((await ask('"6"')).statusCode).toBe(200);
});
