import { page } from './page.js';

/** Every route, to read and to try: Swagger UI with a way to sign in. */
export function referencePage(): string {
  return page({
    path: '/docs',
    title: 'Reference',
    styles: ['/docs/swagger-ui/swagger-ui.css'],
    scripts: ['/docs/swagger-ui/swagger-ui-bundle.js', '/docs/built/apps/api/src/docs/assets/reference.js'],
    body: `<section class="sign-in" aria-label="Sign in">
<div id="sign-in">
<form id="with-password"><h2>Sign in to try it</h2>
<div class="fields"><label for="email">E-mail<input id="email" type="email" autocomplete="username" required></label>
<label for="password">Password<input id="password" type="password" autocomplete="current-password" required></label>
<label for="company" id="company-field" hidden>Company<select id="company"></select></label>
<button class="primary">Sign in</button></div></form>
<form id="with-key"><h2>or use an API key</h2>
<div class="fields"><label for="api-key">Key<input id="api-key" type="password" autocomplete="off" spellcheck="false" placeholder="ncy8_…" required></label>
<button>Use key</button></div></form>
</div>
<div id="signed-in" hidden><p>Signed in as <strong id="who"></strong></p><button type="button" id="sign-out">Sign out</button></div>
<p role="status" class="told"></p>
</section>
<p class="lead">New here? <a href="/docs/first-week">A guided first week</a> runs from sign-up to a report. Refusals are explained under <a href="/docs/problems">problems</a>.</p>
<div id="reference"></div>
<noscript><p class="note">The reference needs JavaScript; <a href="/openapi.json">openapi.json</a> has all of it.</p></noscript>`,
  });
}
