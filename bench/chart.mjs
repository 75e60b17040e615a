const ROW = 22;
const LEFT = 400;
const WIDTH = 820;
/** Where the goal stands; what takes twice of what it may ends at the right edge. */
const GOAL_AT = LEFT + (WIDTH - LEFT - 60) / 2;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * Bars of what was measured in parts of its goal: left of the line is met. Readable on light and on dark, so neither black nor white.
 * @param rows of the report
 */
export function chart(rows) {
  const shown = rows.filter(({ goal, ratio }) => typeof goal === 'object' && goal && ratio !== null && ratio > 0);
  const height = shown.length * ROW + 46;
  const bars = shown.map((row, index) => bar(row, 34 + index * ROW));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="What was measured, in parts of its goal">
<style>
  text { font: 12px system-ui, sans-serif; fill: #6e7781; }
  .met { fill: #2f8f5b; } .missed { fill: #d1642f; } .goal { stroke: #6e7781; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) { text { fill: #9ea7b3; } .goal { stroke: #9ea7b3; } }
</style>
<text x="${GOAL_AT}" y="16" text-anchor="middle">goal (shorter is better)</text>
<line class="goal" x1="${GOAL_AT}" x2="${GOAL_AT}" y1="22" y2="${height - 8}"/>
${bars.join('\n')}
</svg>
`;
}

function bar({ work, against, ratio, goal, met }, y) {
  const part = goal.atMost === undefined ? goal.atLeast / ratio : ratio / goal.atMost;
  const length = Math.round(Math.min(2, part) * (GOAL_AT - LEFT));
  const label = against === 'itself' ? work : `${work} / ${against}`;
  return [
    `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(label.length > 66 ? `${label.slice(0, 65)}…` : label)}</text>`,
    `<rect class="${met ? 'met' : 'missed'}" x="${LEFT}" y="${y + 3}" width="${length}" height="14" rx="2"/>`,
    `<text x="${LEFT + length + 6}" y="${y + 14}">${ratio}</text>`,
  ].join('');
}
