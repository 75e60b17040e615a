export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5a8a"/><circle cx="16" cy="16" r="9" fill="none" stroke="#fff" stroke-width="2.5"/><path d="M16 10.5V16l4 2.5" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round"/></svg>`;

/** Of all pages; Swagger UI brings its own, and is only made to fit. */
export const STYLE = `
:root{--ink:#1b2126;--soft:#505b66;--paper:#fff;--card:#f5f7f9;--line:#d5dce3;--accent:#0b5a8a;--on-accent:#fff;--good:#1a6b35;--bad:#a8201a;--mark:#fff3c4;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebee;--soft:#a9b4be;--paper:#14181b;--card:#1d2327;--line:#37414a;--accent:#7cc4f2;--on-accent:#08202f;--good:#7fd79b;--bad:#ff9d94;--mark:#4b3f10}}
*,::before,::after{box-sizing:border-box}
html{scroll-padding-top:1rem}
html,html.dark-mode{background:var(--paper)}
body{margin:0;color:var(--ink);background:var(--paper);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:break-word}
main{max-width:72rem;margin:0 auto;padding:1rem 1rem 4rem}main:focus{outline:none}
a{color:var(--accent)}code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:.875em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem .8rem;z-index:2}
.bar{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:center;padding:.6rem max(1rem,calc((100vw - 70rem)/2));border-bottom:1px solid var(--line);background:var(--card)}
.bar .name{font-weight:700;text-decoration:none;color:var(--ink)}.bar .name span{font-weight:400;color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:.1rem .3rem;margin-left:-.6rem}nav a{padding:.35rem .6rem;text-decoration:none;border-radius:6px}nav a:hover{text-decoration:underline}
nav a[aria-current]{color:var(--ink);font-weight:600;background:var(--line)}
h1{font-size:1.9rem;line-height:1.2;margin:1rem 0 .5rem}h2{font-size:1.15rem;line-height:1.3;margin:0 0 .4rem}.lead{max-width:48rem;color:var(--soft)}
button,input,select{font:inherit;color:inherit}
.steps button,.sign-in button,.tools button{padding:.4rem 1rem;border:1px solid var(--line);border-radius:6px;background:var(--paper);cursor:pointer}
.steps button:hover:enabled,.sign-in button:hover,.tools button:hover:enabled{border-color:var(--accent)}
.sign-in button.primary,.tools button.primary,.steps button.run:enabled{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button:disabled{opacity:.55;cursor:default!important}
.note{background:var(--mark);padding:.6rem 1rem;border-radius:6px}
.told{min-height:1.55em;margin:.5rem 0 0;color:var(--soft)}
.sign-in{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem;margin:1rem 0}
#sign-in{display:flex;flex-wrap:wrap;gap:1rem 3rem}#sign-in[hidden],#signed-in[hidden],[hidden]{display:none!important}
.fields{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end}.fields label{display:flex;flex-direction:column;font-size:.875rem;color:var(--soft);flex:1 1 13rem}
.fields input,.fields select{padding:.4rem .6rem;border:1px solid var(--soft);border-radius:6px;background:var(--paper);color:var(--ink);width:100%;font-size:1rem}
#with-password{flex:2 1 26rem}#with-key{flex:1 1 17rem}#with-key h2{font-weight:400;color:var(--soft)}
#signed-in{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center}#signed-in p{margin:0}
.tools{display:flex;flex-wrap:wrap;gap:1rem;align-items:center;margin:1.5rem 0 0}
.choice{display:flex;flex-wrap:wrap;gap:.25rem 1rem;border:1px solid var(--line);border-radius:6px;margin:0;padding:.15rem .9rem .35rem}.choice legend{font-size:.8rem;color:var(--soft);padding:0 .3rem}
.steps{list-style:none;margin:1rem 0;padding:0;max-width:54rem}
.step{border-left:3px solid var(--line);padding:0 0 1.5rem 1.25rem}.step.done{border-color:var(--good)}.step.done h2::after{content:" ✓";color:var(--good)}.step p{margin:.2rem 0 .6rem}.as{color:var(--soft)}
.code,.answer{border:1px solid var(--line);border-radius:8px;background:var(--card)}
.code pre,.answer pre{margin:0;padding:.75rem 1rem;overflow:auto;max-height:22rem;line-height:1.45}
.buttons{display:flex;gap:.5rem;justify-content:flex-end;padding:.5rem .75rem;border-top:1px solid var(--line)}
.answer pre{max-height:13rem}.answer{margin-top:.6rem}.answer p{margin:0;padding:.4rem 1rem 0;color:var(--soft);font-size:.875rem}.answer .status{font-weight:700;color:var(--good)}.answer.failed .status{color:var(--bad)}.answer.failed{border-color:var(--bad)}
.problems{border-collapse:collapse;width:100%}.problems th,.problems td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-bottom:1px solid var(--line);font-weight:400}
.problems thead th{font-weight:600;color:var(--soft);font-size:.875rem}.problems tr:target{background:var(--mark)}
.problems .status{border:1px solid var(--line);border-radius:5px;padding:.05rem .4rem;background:var(--card);font-variant-numeric:tabular-nums}
.swagger-ui .information-container,.swagger-ui .scheme-container{display:none}.swagger-ui .wrapper{padding:0;max-width:none}
.swagger-ui .path-and-permission{display:flex;flex-wrap:wrap;align-items:center;gap:.15rem .6rem;min-width:0}
.swagger-ui .permission{font:600 .75rem/1.4 system-ui,sans-serif;border-radius:99px;padding:.05rem .55rem;border:1px solid currentcolor;white-space:nowrap}
.swagger-ui .permission.open{color:#1a6b35}.swagger-ui .permission.own{color:#475561}.swagger-ui .permission.needed{color:#8a3b00}.swagger-ui .permission.more{color:#475561;border-style:dashed;font-weight:400;white-space:normal}
html.dark-mode .swagger-ui .permission.open{color:#8be0a6}html.dark-mode .swagger-ui .permission.own,html.dark-mode .swagger-ui .permission.more{color:#c0cbd4}html.dark-mode .swagger-ui .permission.needed{color:#ffbe8f}
html.dark-mode .swagger-ui{background:none}.swagger-ui .operation-filter-input{width:100%;margin:0 0 .5rem;padding:.5rem .75rem;font-size:1rem;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:6px}
html:not(.dark-mode) .swagger-ui .opblock-get .opblock-summary-method{background:#1c66a8}html:not(.dark-mode) .swagger-ui .opblock-post .opblock-summary-method{background:#1b7347}html:not(.dark-mode) .swagger-ui .opblock-put .opblock-summary-method{background:#8f5400}html:not(.dark-mode) .swagger-ui .opblock-delete .opblock-summary-method{background:#b3261e}html:not(.dark-mode) .swagger-ui .opblock-patch .opblock-summary-method{background:#0d6e61}
.swagger-ui tr.refusal td{padding:.35rem 0;font-size:.875rem}.swagger-ui tr.refusal td:first-child{width:6rem}.swagger-ui tr.refusal ul{display:flex;flex-wrap:wrap;gap:.1rem 1rem;list-style:none;margin:0;padding:0}
.swagger-ui .response-col_links{display:none}html.dark-mode .swagger-ui table.headers .header-col{color:inherit}
@media(max-width:46rem){
.swagger-ui .opblock-tag-section .operation-tag-content{max-width:100%}.swagger-ui section.block,.swagger-ui .wrapper .block-desktop{padding:0!important}.swagger-ui .opblock .opblock-section-header{padding:.4rem .75rem}.swagger-ui .opblock-body .table-container,.swagger-ui .responses-inner,.swagger-ui .opblock-description-wrapper{padding:.75rem}.swagger-ui .execute-wrapper,.swagger-ui .btn-group{padding:.75rem}
.swagger-ui .opblock .opblock-summary-method{min-width:4rem;padding:.3rem 0}
h1{font-size:1.5rem}
.problems thead{position:absolute;left:-99rem}.problems tr{display:block;padding:.6rem .25rem;border-bottom:1px solid var(--line)}.problems th,.problems td{display:inline-block;border:0;padding:.1rem .3rem}.problems td:nth-child(n+3){display:block}.problems td:nth-child(3){font-weight:600}
.step{padding-left:.75rem}
.swagger-ui .opblock .opblock-summary{flex-wrap:wrap;min-width:0}.swagger-ui .opblock .opblock-summary-control{flex-wrap:wrap;min-width:0}.swagger-ui .opblock .opblock-summary-path{max-width:100%;flex-shrink:1}.swagger-ui .opblock .opblock-summary-description{flex-basis:100%;padding:.2rem 0}
.swagger-ui .opblock-tag{flex-wrap:wrap}.swagger-ui .opblock-tag small{flex-basis:100%;padding:0}
.swagger-ui table:not(.headers){table-layout:fixed;width:100%}.swagger-ui .parameters-col_description input,.swagger-ui .parameters-col_description select{max-width:100%!important;width:100%}.swagger-ui .opblock-section-header{flex-wrap:wrap}.swagger-ui .response-col_status,.swagger-ui tr.refusal td:first-child{width:3.5rem}.swagger-ui table.headers{display:block;overflow-x:auto}.swagger-ui .parameters-col_name{width:38%}
.swagger-ui .opblock-section-header h4{flex-basis:100%}.swagger-ui .parameter__name,.swagger-ui .parameter__type{overflow-wrap:anywhere}
}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`;
