import { beginning, STEPS } from './assets/first-week-steps.js';
import type { Seen, Step } from './assets/first-week-steps.js';
import { curlText } from './assets/first-week-text.js';
import { escape, page, sentence } from './page.js';

/** The guide; complete without its script too, which fills in what steps gave and runs them. @param origin where the reader sees this server */
export function firstWeekPage(origin: string, now: Date): string {
  const seen = beginning(now, { tag: '42', password: 'a walk by the sea' });
  return page({
    path: '/docs/first-week',
    title: 'A guided first week',
    scripts: ['/docs/built/apps/api/src/docs/assets/first-week.js'],
    body: `<h1>A guided first week</h1>
<p class="lead">From signing a company up to an approved timesheet and its report, in ${STEPS.length} requests. Each can be run here: your browser sends it to this very server, with what the steps before it gave.</p>
<div class="tools">
<fieldset class="choice"><legend>Show requests as</legend>
<label><input type="radio" name="form" value="curl" checked> curl</label><label><input type="radio" name="form" value="client"> client</label></fieldset>
<button type="button" id="run-all" class="primary">Run all steps</button>
</div>
<p role="status" class="told"></p>
<noscript><p class="note">Without JavaScript the steps can be read and copied, not run.</p></noscript>
<ol class="steps">
${STEPS.map((step, index) => stepHtml(step, index, origin, seen)).join('\n')}
</ol>
<p>From here: <a href="/docs">every route</a>, and <a href="/docs/problems">what each refusal means</a>. The client is <code>@ncy8/client</code>: <code>const ada = new Client({ baseUrl: '${escape(origin)}' })</code>.</p>`,
  });
}

function stepHtml(step: Step, index: number, origin: string, seen: Seen): string {
  return `<li id="step-${index + 1}" class="step"><h2>${index + 1}. ${escape(step.title)}</h2>
<p>${sentence(step.text)} <span class="as">As ${step.as === 'ada' ? 'Ada' : 'Charles'}.</span></p>
<div class="code"><pre class="request" tabindex="0" aria-label="Request of step ${index + 1}"><code>${escape(curlText(step, origin, seen))}</code></pre>
<div class="buttons"><button type="button" class="copy" aria-label="Copy the request of step ${index + 1}">Copy</button><button type="button" class="run" aria-label="Run step ${index + 1}">Run it</button></div></div>
<div class="answer" hidden><p>Answer <span class="status"></span></p><pre tabindex="0" aria-label="Answer of step ${index + 1}"><code></code></pre></div></li>`;
}
