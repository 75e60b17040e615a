import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import type { Answer, Client } from '../../../../test/client.js';
import { startProbe } from '../../../../test/probe.js';
import { Day, Flag, Id, Ids, Instant, Integer, Note, OneOf, Part, Parts, Text } from './fields.js';
import { PageQuery } from './page.js';
import { PathId } from './params.js';
import { Rule } from './rules.js';

const inOrder = ({ day, until }: Inner) => (until && until < day ? 'must not be before day' : undefined);

class Inner {
  @Day() day!: string;
  @Rule<Inner>(['day'], inOrder) @Day({ optional: true }) until?: string;
  @Id({ optional: true }) of?: string;
}

class Input {
  @Text(10) name!: string;
  @Day({ optional: true }) day?: string;
  @Instant({ optional: true }) at?: string;
  @Integer(0, 5, { optional: true }) count?: number;
  @Flag({ optional: true }) flag?: boolean;
  @OneOf(['a', 'b'], { optional: true }) kind?: string;
  @Rule<Input>(['kind'], ({ kind, note }) => (kind === 'a' && note === undefined ? 'is required for a' : undefined))
  @Note()
  note?: string | null;
  @Id({ optional: true, nullable: true }) owner?: string | null;
  @Ids(2, { optional: true }) others?: string[];
  @Part(() => Inner, { optional: true }) part?: Inner;
  @Parts(2, () => Inner, { optional: true }) parts?: Inner[];
}

class Optional {
  @Note() note?: string | null;
}

class Filters extends PageQuery {
  @Day({ optional: true }) from?: string;
}

@Controller('probe')
class Probe {
  @Post()
  @HttpCode(200)
  echo(@Body() input: Input): Input {
    return input;
  }

  @Put()
  change(@Body() input: Optional): Optional {
    return input;
  }

  @Get()
  list(@Query() query: Filters): Filters {
    return query;
  }

  @Get(':id')
  one(@PathId() id: string): { id: string } {
    return { id };
  }

  @Delete(':id')
  remove(@PathId() id: string): { id: string } {
    return { id };
  }
}

const ID = '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10';

let probe: Client;
beforeAll(async () => {
  probe = await startProbe(Probe);
});
afterAll(() => probe.app.close());

const pointers = ({ body }: Answer): string[] => (body.errors as { pointer: string }[]).map(({ pointer }) => pointer);

async function expectRefused(answer: Promise<Answer>, code: string, status = 400): Promise<Answer> {
  const refused = await answer;
  expect({ status: refused.status, code: refused.body.code }).toEqual({ status, code });
  expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  return refused;
}

/** JSON written by hand: what JSON.stringify would not write. */
const raw = (json: string | Buffer, type = 'application/json') => probe.post('/probe', json, { 'content-type': type });

describe('a body', () => {
  it('that is valid arrives as it is', async () => {
    const input = {
      name: ' x ',
      day: '2024-02-29',
      at: '2024-02-29T23:59:59.5+01:00',
      count: 0,
      flag: false,
      kind: 'b',
      note: null,
      part: { day: '1970-01-01' },
    };
    const { status, body } = await probe.post('/probe', input);
    expect({ status, body }).toEqual({ status: 200, body: input });
  });

  it('with ids in capitals has them in lower case, and none twice in either case', async () => {
    const [own, other] = [ID.toUpperCase(), ID.replace('3', '4')];
    const { body } = await probe.post('/probe', { name: 'x', owner: own, others: [own, other], parts: [{ day: '2024-01-01', of: own }] });
    expect(body).toEqual({ name: 'x', owner: ID, others: [ID, other], parts: [{ day: '2024-01-01', of: ID }] });
    expect((await probe.post('/probe', { name: 'x', owner: null })).body).toEqual({ name: 'x', owner: null });
    const refused = await expectRefused(probe.post('/probe', { name: 'x', owner: 1, others: [ID, own] }), 'validation_failed');
    expect(refused.body.errors).toEqual([
      { pointer: '/owner', detail: 'must be a UUID' },
      { pointer: '/others/1', detail: 'must not be named twice' },
    ]);
    for (const [odd, ...expected] of [
      [[own, 1], '/others/1'],
      [[null], '/others/0'],
      [[own, 'zz', own, other], '/others', '/others/1', '/others/2'],
      [own, '/others'],
      [{}, '/others'],
    ])
      expect(pointers(await expectRefused(probe.post('/probe', { name: 'x', others: odd }), 'validation_failed'))).toEqual(expected);
  });

  it('is told all its faults at once, each by its pointer, a missing field too', async () => {
    const input = {
      day: '2023-02-30',
      count: '1',
      flag: 1,
      kind: 'c',
      note: 1,
      part: { day: null },
      parts: [{ day: '2024-01-01' }, { day: 'x' }],
      zzz: 1,
    };
    const refused = await expectRefused(probe.post('/probe', input), 'validation_failed');
    expect(pointers(refused).toSorted()).toEqual([
      '/count',
      '/day',
      '/flag',
      '/kind',
      '/name',
      '/note',
      '/part/day',
      '/parts/1/day',
      '/zzz',
    ]);
  });

  it('is held against the rules between its fields and those of its parts, but for fields that are faulty themselves', async () => {
    const parts = ['2024-01-02', '2024-01-32'].map((day) => ({ day, until: '2024-01-01' }));
    const refused = await expectRefused(probe.post('/probe', { name: ' ', kind: 'a', parts }), 'validation_failed');
    expect(refused.body.errors).toEqual([
      { pointer: '/name', detail: 'must not be blank' },
      { pointer: '/note', detail: 'is required for a' },
      { pointer: '/parts/0/until', detail: 'must not be before day' },
      { pointer: '/parts/1/day', detail: expect.any(String) },
    ]);
    expect(pointers(await expectRefused(probe.post('/probe', { name: ' ', kind: 'c' }), 'validation_failed'))).toEqual(['/name', '/kind']);
  });

  it.each(['companyId', 'version', 'constructor', 'valueOf', 'a/b~c'])('with the unknown field %s is refused', async (field) => {
    const refused = await expectRefused(probe.post('/probe', { name: 'x', [field]: 1 }), 'validation_failed');
    expect(pointers(refused)).toEqual([`/${field.replace('~', '~0').replace('/', '~1')}`]);
  });

  it('with unknown fields further in is refused', async () => {
    const refused = await expectRefused(
      probe.post('/probe', { name: 'x', part: { day: '2024-01-01', x: 1 }, parts: [{ day: '2024-01-01', x: 1 }] }),
      'validation_failed',
    );
    expect(pointers(refused)).toEqual(['/part/x', '/parts/0/x']);
  });

  it.each([
    ['{"name":"x","part":[]}', '/part'],
    ['{"name":"x","part":null}', '/part'],
    ['{"name":"x","parts":{}}', '/parts'],
    ['{"name":"x","parts":[]}', '/parts'],
    ['{"name":"x","parts":[1]}', '/parts/0'],
    ['{"name":"x","parts":[{"day":"2024-01-01"},null]}', '/parts/1'],
    ['{"name":"x","parts":[[]]}', '/parts/0'],
    ['{"name":null}', '/name'],
    ['{"name":" \\t"}', '/name'],
    ['{"name":"01234567890"}', '/name'],
    ['{"name":["x"]}', '/name'],
    ['{"name":"x","count":1.5}', '/count'],
    ['{"name":"x","count":6}', '/count'],
    ['{"name":"x","count":1e999}', '/count'],
    ['{"name":"x","day":"2024-2-1"}', '/day'],
    ['{"name":"x","day":"2023-02-29"}', '/day'],
    ['{"name":"x","day":"2200-01-01"}', '/day'],
    ['{"name":"x","day":"2024-02-28T00:00:00Z"}', '/day'],
    ['{"name":"x","at":"2023-02-30T00:00:00Z"}', '/at'],
    ['{"name":"x","at":"2024-01-01T24:00:00Z"}', '/at'],
    ['{"name":"x","at":"2024-01-01T00:00:00"}', '/at'],
  ])('%s is refused', async (json, pointer) => {
    const [first] = pointers(await expectRefused(raw(json), 'validation_failed'));
    expect(first?.startsWith(pointer)).toBe(true);
  });

  it.each(['[]', '1', '"x"', 'null', 'true', ''])('%j is no object', async (json) => {
    await expectRefused(raw(json), 'validation_failed');
  });

  it.each(['{', '{"name":"x"}}', "{'name':'x'}", 'NaN'])('%s is no JSON', async (json) => {
    await expectRefused(raw(json), 'malformed_body');
  });

  it.each(['{"__proto__":{"name":"x"}}', '{"name":"x","part":{"__proto__":null}}', '{"name":"x","constructor":{"prototype":{}}}'])(
    '%s is refused',
    async (json) => {
      expect((await raw(json)).status).toBe(400);
    },
  );

  it.each([
    ['{"name":"a\\u0000b"}', '/name'],
    ['{"name":"a\\ud800b"}', '/name'],
    ['{"name":"a\\udc00"}', '/name'],
    ['{"name":"x","note":"\\u0000"}', '/note'],
    ['{"name":"x","a\\u0000":1}', '/a\0'],
  ])('%s cannot be stored', async (json, pointer) => {
    expect(pointers(await expectRefused(raw(json), 'validation_failed'))).toEqual([pointer]);
  });

  it('with a text that cannot be stored is told all its other faults too, each field once', async () => {
    const json =
      '{"name":"01234567890\\u0000","day":"2023-02-30","kind":"c","part":{"day":"\\ud800"},"parts":[{"day":"x"}],"z\\u0000":1,"y":1}';
    const refused = await expectRefused(raw(json), 'validation_failed');
    expect(pointers(refused).toSorted()).toEqual(['/day', '/kind', '/name', '/part/day', '/parts/0/day', '/y', '/z\0']);
    const query = await expectRefused(probe.get('/probe?from=%00&limit=0&form=1'), 'validation_failed');
    expect(pointers(query).toSorted()).toEqual(['/form', '/from', '/limit']);
    await expectRefused(probe.post('/probe', { '\0': { constructor: 1 } }), 'validation_failed');
    await expectRefused(probe.post('/probe', { name: '\0', part: { constructor: 1 }, zzz: [{ constructor: 1 }] }), 'validation_failed');
  });

  it('nested 5000 deep is refused, whatever it is made of', async () => {
    await expectRefused(raw(`{"name":${'['.repeat(5000)}${']'.repeat(5000)}}`), 'validation_failed');
    await expectRefused(raw(`${'{"part":'.repeat(5000)}1${'}'.repeat(5000)}`), 'validation_failed');
    await expectRefused(raw(`{"\\u0000":${'['.repeat(5000)}${']'.repeat(5000)}}`), 'validation_failed');
  });

  it('with a long name over many faults is answered shortly', async () => {
    const faulty = Array.from({ length: 40 }, () => Array(1000).fill('\0'));
    const refused = await expectRefused(raw(JSON.stringify({ ['a'.repeat(500_000)]: faulty })), 'validation_failed');
    expect(JSON.stringify(refused.body).length).toBeLessThan(100_000);
  });

  it('with more values than any route takes is refused', async () => {
    const parts = Array.from({ length: 30 }, () => Array(1000).fill(1));
    const refused = await expectRefused(raw(JSON.stringify({ name: 'x', parts })), 'validation_failed');
    expect(refused.body.errors[0].detail).toBe('is behind 20000 others');
  });

  it('with 60,000 unknown fields is answered shortly', async () => {
    const refused = await expectRefused(
      raw(JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`f${index}`, 1])))),
      'validation_failed',
    );
    expect(JSON.stringify(refused.body).length).toBeLessThan(100_000);
  });

  it('over 1 MiB is 413', async () => {
    await expectRefused(raw(JSON.stringify({ name: 'x', note: 'x'.repeat(1024 * 1024) })), 'payload_too_large', 413);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'text/json',
    'application/jsonp',
  ])('of the type %s is 415', async (type) => {
    await expectRefused(raw('{"name":"x"}', type), 'unsupported_media_type', 415);
  });

  it('that is empty is none, whatever its type', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', 'application/json']) {
      const answer = await probe.app.inject({
        method: 'DELETE',
        url: `/api/v1/probe/${ID}`,
        headers: { 'content-type': type, 'content-length': '0' },
      });
      expect([answer.statusCode, answer.json()]).toEqual([200, { id: ID }]);
    }
    const post = probe.post('/probe', '', { 'content-type': 'text/plain', 'content-length': '0' });
    expect(pointers(await expectRefused(post, 'validation_failed'))).toEqual(['/name']);
  });

  it('in JSON with a charset is taken', async () => {
    expect((await raw('{"name":"x"}', 'application/json; charset=utf-8')).status).toBe(200);
  });

  it('that is no UTF-8 is refused', async () => {
    await expectRefused(raw(Buffer.from([...Buffer.from('{"name":"'), 0xc3, 0x28, ...Buffer.from('"}')])), 'malformed_body');
  });

  it.each(['null', '0', 'false', '""', '"x"', '[]', '[1]'])('%s where none is needed or none is taken is refused', async (json) => {
    const headers = { 'content-type': 'application/json' };
    for (const answer of [probe.put('/probe', json, headers), probe.send('DELETE', `/probe/${ID}`, json, headers)]) {
      const { body } = await expectRefused(answer, 'validation_failed');
      expect(body.errors).toEqual([{ pointer: '', detail: 'must be a JSON object' }]);
    }
  });

  it('may be missing or empty where none is needed', async () => {
    for (const answer of [
      probe.put('/probe'),
      probe.put('/probe', {}),
      probe.delete(`/probe/${ID}`),
      probe.send('DELETE', `/probe/${ID}`, {}),
    ])
      expect((await answer).status).toBe(200);
  });

  it('that a route does not take is refused', async () => {
    expect(pointers(await expectRefused(probe.send('DELETE', `/probe/${ID}`, { force: true }), 'validation_failed'))).toEqual(['/force']);
    const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`f${index}`, 1]));
    expect(pointers(await expectRefused(probe.send('DELETE', `/probe/${ID}`, many), 'validation_failed'))).toHaveLength(100);
  });
});

describe('a query', () => {
  it('has its defaults', async () => {
    expect((await probe.get('/probe')).body).toEqual({ limit: 50 });
    expect((await probe.get('/probe?limit=200&from=2024-01-01')).body).toEqual({ limit: 200, from: '2024-01-01' });
  });

  it.each(['0', '201', '-1', '1.5', '1e2', 'x', '', ' 5', '0x10'])('with limit=%s is refused', async (limit) => {
    expect(pointers(await expectRefused(probe.get(`/probe?limit=${encodeURIComponent(limit)}`), 'validation_failed'))).toEqual(['/limit']);
  });

  it.each([
    ['?form=2024-01-01', '/form'],
    ['?__proto__=1', '/__proto__'],
    ['?toString=1', '/toString'],
    ['?__proto__[x]=1', '/__proto__[x]'],
    ['?limit=1&limit=2', '/limit'],
    ['?from=2023-02-30', '/from'],
    ['?from=', '/from'],
    ['?from=%00', '/from'],
  ])('%s is refused', async (query, pointer) => {
    expect(pointers(await expectRefused(probe.get(`/probe${query}`), 'validation_failed'))).toEqual([pointer]);
  });

  it('that a route does not take is refused', async () => {
    expect(pointers(await expectRefused(probe.get(`/probe/${ID}?expand=all`), 'validation_failed'))).toEqual(['/expand']);
  });
});

describe('a path', () => {
  it.each(['1', 'x', `${ID}0`, '%00', '..%2f', ID.replace('-', ''), '%7B%7D'])('with the id %s is refused', async (id) => {
    await expectRefused(probe.get(`/probe/${id}`), 'validation_failed');
  });

  it('with an id in capitals is the same', async () => {
    expect((await probe.get(`/probe/${ID.toUpperCase()}`)).body).toEqual({ id: ID });
  });

  it.each(['/nowhere', '/probe/1/2', '/%zz', '/%c3%28'])('%s leads nowhere', async (path) => {
    const { status, headers } = await probe.get(path);
    expect([400, 404]).toContain(status);
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'x-request-id': expect.any(String),
      'x-content-type-options': 'nosniff',
    });
  });
});

it('what a route does not take is named by its pointer', async () => {
  const refused = await expectRefused(probe.get(`/probe/${ID}?a%2Fb~=1`), 'validation_failed');
  expect(pointers(refused)).toEqual(['/a~1b~0']);
});

it('a problem says what it is, and nothing of the inside', async () => {
  const { body, headers } = await probe.get('/probe?x=1', { 'x-request-id': 'given-1' });
  expect(body).toEqual({
    type: '/docs/problems#validation_failed',
    title: 'The request is not valid',
    status: 400,
    detail: 'The request is not valid',
    instance: '/api/v1/probe',
    code: 'validation_failed',
    requestId: 'given-1',
    errors: [{ pointer: '/x', detail: 'is not a known field' }],
  });
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-request-id': 'given-1', 'x-content-type-options': 'nosniff' });
});
