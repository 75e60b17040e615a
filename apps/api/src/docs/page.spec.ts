import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PASSWORD } from '../../../../test/factories.js';
import type { Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { ServerProcess } from '../../../../test/server-process.js';
import { beginning, STEPS } from './assets/first-week-steps.js';
import { clientText } from './assets/first-week-text.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const inBrowser = executablePath ? describe : describe.skip;
if (!executablePath) console.warn('NO BROWSER: the pages of /docs are not tested; install chromium');

const PHONE = { viewport: { width: 360, height: 740 } };

let server: TestServer;
let built: ServerProcess;
let origin: string;
let person: Person;

beforeAll(async () => {
  server = await startTestServer();
  person = await (await server.company()).person({ role: 'Manager', firstName: 'Mary', lastName: 'Somerville' });
  built = await ServerProcess.start(server, { ACCESS_TOKEN_TTL: '10s' });
  origin = new URL(built.api).origin;
});
afterAll(async () => {
  await built.end('SIGTERM');
  await server.stop();
});

it('the guide is a program of the client, as it stands there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ncy8-guide-'));
  const client = join(import.meta.dirname, '../../../../dist/packages/client/src/index.js');
  const seen = beginning(new Date(), { tag: 'program', password: 'a walk along the shore' });
  const lines = STEPS.map((step) => clientText(step, seen));
  const report = lines.pop()!.replace('await', 'const report = await');
  const people = ['ada', 'charles'].map((name) => `const ${name} = new Client({ baseUrl: '${origin}' });`);
  const program = [`import { Client } from '${client}';`, ...people, ...lines, report, 'console.log(report.totalMinutes);'];
  writeFileSync(join(folder, 'guide.mjs'), program.join('\n'));
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'guide.mjs')], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  expect(stderr).toBe('');
  expect(stdout).toBe('900\n');
});

async function signIn(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** @returns what is told of the answer to GET /me */
async function callMe(page: Page): Promise<string> {
  const operation = page.locator('[id$=Me_read]');
  const execute = operation.getByRole('button', { name: 'Execute' });
  if (!(await execute.isVisible())) await operation.locator('.opblock-summary-control').click();
  await execute.click();
  return operation.locator('.live-responses-table tbody').innerText();
}

const isWide = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

inBrowser('in a browser', () => {
  let browser: Browser;
  /** Errors on the console, violations of the policy, requests to elsewhere. */
  let faults: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterEach(async () => {
    faults = [];
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(() => browser.close());

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    await page.route('**/*', async (route) => {
      const isHere = new URL(route.request().url()).origin === origin;
      if (!isHere) faults.push(route.request().url());
      await (isHere ? route.continue() : route.abort());
    });
    await page.goto(origin + path);
    return page;
  }

  async function openReference(options?: BrowserContextOptions): Promise<Page> {
    const page = await open('/docs', options);
    await page.waitForSelector('.opblock');
    return page;
  }

  it('the reference signs in, calls, and goes on when the access token has expired', async () => {
    const page = await openReference();
    await signIn(page);
    await page.getByText('Signed in as Mary Somerville, Manager at').waitFor();
    expect(await callMe(page)).toContain(person.email);
    await sleep(10_500);
    await page.locator('[id$=Me_read]').getByRole('button', { name: 'Clear' }).click();
    const answer = await callMe(page);
    expect(answer).toMatch(/^200/);
    expect(answer).toContain(person.email);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Signed out.').waitFor();
    expect(faults).toEqual([]);
  });

  it('the reference takes an API key, and refuses what is none', async () => {
    const { body } = await (await person.company.person({ role: 'Admin' })).post('/api-keys', { name: 'Reader' });
    const page = await openReference();
    await page.getByLabel('Key', { exact: true }).fill('ncy8_wrong');
    await page.getByRole('button', { name: 'Use key' }).click();
    await page.getByText('Not signed in').waitFor();
    await page.getByLabel('Key', { exact: true }).fill(body.key);
    await page.getByRole('button', { name: 'Use key' }).click();
    await page.getByText(', Admin at').waitFor();
    expect(await callMe(page)).toMatch(/^200/);
  });

  it('the reference says that a password is wrong, who may call, and finds operations by it', async () => {
    const page = await openReference();
    await signIn(page, 'not the one it is');
    await page.getByText('E-mail or password is wrong').waitFor();
    await page.getByLabel('Filter by path, words or permission').fill('read_timesheet_history history/verify');
    await page.locator('[id$=Me_read]').waitFor({ state: 'detached' });
    const found = page.locator('[id$=History_verify]');
    expect(await found.locator('.permission').innerText()).toBe('read_timesheet_history');
    await found.locator('.opblock-summary-control').click();
    await page.getByRole('link', { name: 'too_many_requests' }).click();
    await page.waitForURL('**/docs/problems#too_many_requests');
  });

  it('the first week runs to its end, and shows what earlier steps gave', async () => {
    const page = await open('/docs/first-week');
    await page.getByRole('button', { name: 'Run step 1', exact: true }).click();
    await page.locator('#step-1.done').waitFor();
    expect(await page.locator('#step-2 pre.request').innerText()).toMatch(/Bearer ey/);
    await page.getByRole('button', { name: 'Run all steps' }).click();
    await page.locator(`#step-${STEPS.length}.done`).waitFor();
    expect(await page.locator(`#step-${STEPS.length} .answer`).innerText()).toContain('"totalMinutes": 900');
    expect(await page.locator('.answer .status').allInnerTexts()).toEqual(
      ['201', '200', '201', '200', '204', '201', '201', '201', '200', '200', '200'], // prettier-ignore
    );
    expect(await page.locator('pre.request').allInnerTexts()).not.toContainEqual(expect.stringMatching(/\{\{|"\$/));
    expect(faults).toEqual([]);
  });

  it('a problem is found by its code', async () => {
    const page = await open('/docs/problems#entry_overlap');
    const row = page.locator('#entry_overlap');
    await expect(row.evaluate((element) => element.matches(':target'))).resolves.toBe(true);
    await page.waitForFunction(() => {
      const { top, bottom } = document.querySelector('#entry_overlap')!.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
    expect(await row.innerText()).toContain('409');
    expect(faults).toEqual([]);
  });

  it.each(['/docs', '/docs/first-week', '/docs/problems'])('%s is no wider than a phone, and has a way past the head', async (path) => {
    const page = await open(path, { ...PHONE, colorScheme: 'dark' });
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    if (path === '/docs') {
      await page.locator('[id$=TimesheetEntry_create] .opblock-summary-control').click();
      await page.getByRole('link', { name: 'entry_overlap' }).waitFor();
    }
    expect(await isWide(page)).toBe(false);
    expect(faults).toEqual([]);
  });
});
