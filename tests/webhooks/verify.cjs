// Verifies and signs with the published library: a JSON object a line in, one out.
const { createInterface } = require('node:readline');
const { Webhook } = require(process.argv[2]);

createInterface({ input: process.stdin }).on('line', (line) => {
  const { secret, headers, body } = JSON.parse(line);
  const webhook = new Webhook(secret);
  const id = headers['webhook-id'];
  const time = new Date(Number(headers['webhook-timestamp']) * 1000);
  let verified = true;
  try {
    webhook.verify(body, headers);
  } catch {
    verified = false;
  }
  console.log(JSON.stringify({ verified, signature: webhook.sign(id, time, body) }));
});
