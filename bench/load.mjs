import http from 'node:http';

/**
 * `count` requests over `connections` kept-alive connections; `next()` may give each its own `{ method, path, headers, body }`, and `status`
 * is what all of them are to be answered with.
 * @returns milliseconds of each, sorted
 */
export async function load({ port, path, headers = {}, status = 200, next = () => ({}) }, count, connections = 8) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const times = [];
  let left = count;
  const one = () =>
    new Promise((resolve, reject) => {
      const { body, ...own } = next();
      const options = { agent, host: '127.0.0.1', port, path, headers, ...own };
      const began = performance.now();
      http
        .request(options, (response) => {
          response.resume();
          response.once('end', () => {
            times.push(performance.now() - began);
            if (response.statusCode === status) resolve();
            else reject(new Error(`${options.path} answered ${response.statusCode}`));
          });
        })
        .once('error', reject)
        .end(body);
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) await one();
    }),
  );
  agent.destroy();
  return times.toSorted((a, b) => a - b);
}
