import { Client, ProblemError } from '../../../../../packages/client/src/index.js';
import type { TokensView } from '../../../../../packages/client/src/index.js';
import { beginning, STEPS } from './first-week-steps.js';
import type { Step } from './first-week-steps.js';
import { clientText, curlText, filledStep } from './first-week-text.js';
import { announce, copyOnClick, find } from './page.js';

const seen = beginning(new Date(), {
  tag: crypto.randomUUID().slice(0, 6),
  password: crypto.randomUUID(),
});
const people = { ada: new Client(), charles: new Client() };
let next = 0;

const article = (index: number): HTMLElement => find(HTMLElement, `#step-${index + 1}`);

function form(): string {
  return find(HTMLInputElement, 'input[name=form]:checked').value;
}

/** Every step as it is known by now. */
function show(): void {
  for (const [index, step] of STEPS.entries()) {
    const text = form() === 'curl' ? curlText(step, location.origin, seen) : clientText(step, seen);
    find(HTMLElement, 'pre.request code', article(index)).textContent = text;
    find(HTMLButtonElement, 'button.run', article(index)).disabled = index !== next;
  }
  find(HTMLButtonElement, '#run-all').disabled = next === STEPS.length;
}

async function run(): Promise<void> {
  const index = next;
  const step = STEPS[index]!;
  const button = find(HTMLButtonElement, 'button.run', article(index));
  button.disabled = true;
  try {
    const { status, body } = await send(step);
    for (const [name, place] of Object.entries(step.keeps ?? {})) seen[name] = String(at(body, place));
    if (step.keeps?.[`${step.as}Token`]) await people[step.as].adopt((body as { tokens?: TokensView }).tokens ?? (body as TokensView));
    answer(index, `${status}`, body);
    next++;
    announce(`Step ${index + 1} of ${STEPS.length} done: ${step.title}`);
  } catch (error) {
    const isProblem = error instanceof ProblemError;
    answer(index, isProblem ? `${error.status}` : 'No answer', isProblem ? error.problem : String(error), true);
    announce(`Step ${index + 1} failed: ${String(error)}`);
    throw error;
  } finally {
    show();
  }
}

async function send(step: Step): Promise<{ status: number; body: unknown }> {
  const { parameters: path = {}, query = {}, body, ifMatch } = filledStep(step, seen);
  const call = { path, query, body, ...(ifMatch ? { ifMatch: Number(ifMatch) } : {}) };
  const person = people[step.as];
  const response = await (step.method === 'get' ? person.fetch(step.method, step.path, call) : person.fetch(step.method, step.path, call));
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** `items.name=Employee.id`: of the list, the item with that name; of it the id. */
function at(value: unknown, place: string): unknown {
  return place.split('.').reduce<unknown>((inner, part) => {
    const [name, wanted] = part.split('=') as [string, string?];
    if (wanted === undefined) return (inner as Record<string, unknown>)[name];
    return (inner as Record<string, unknown>[]).find((item) => item[name] === wanted);
  }, value);
}

function answer(index: number, status: string, body: unknown, isFailure = false): void {
  const place = find(HTMLElement, '.answer', article(index));
  place.hidden = false;
  place.classList.toggle('failed', isFailure);
  article(index).classList.toggle('done', !isFailure);
  find(HTMLElement, '.status', place).textContent = status;
  find(HTMLElement, 'pre code', place).textContent =
    body === undefined ? '(no body)' : typeof body === 'string' ? body : JSON.stringify(body, undefined, 2);
}

async function runAll(): Promise<void> {
  const all = find(HTMLButtonElement, '#run-all');
  all.disabled = true;
  try {
    while (next < STEPS.length) await run();
  } finally {
    all.disabled = next === STEPS.length;
  }
}

for (const index of STEPS.keys())
  find(HTMLElement, 'button.run', article(index)).addEventListener('click', () => void run().catch(() => undefined));
for (const input of document.querySelectorAll('input[name=form]')) input.addEventListener('change', show);
find(HTMLElement, '#run-all').addEventListener('click', () => void runAll().catch(() => undefined));
copyOnClick();
show();
