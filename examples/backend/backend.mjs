// A backend that asks Postcard for a picture. The API key stays here: no browser gets it.
import express from 'express';

const { POSTCARD_API_URL: api, POSTCARD_API_KEY: key, PORT = 3000 } = process.env;
const app = express();

app.get('/picture', async (request, response) => { // in your own service, take the name from the session
  const text = { name: 'user_name', text: String(request.query.name) };
  const body = { template_id: 'tmpl_a1b2c3d4e5', modifications: [text], on_invalid: 'default' };
  const headers = { 'Authorization': `Bearer ${key}`, 'Content-Type': 'application/json' };
  const call = { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) };
  const reply = await fetch(`${api}/v1/images`, call).catch(() => undefined);
  if (!reply?.ok) return response.status(502).json({ detail: 'There is no picture now.' });
  const { url, alt } = await reply.json();
  response.json({ url, alt });
});

app.use(express.static('public'));
const server = app.listen(PORT, () => console.log(`http://127.0.0.1:${server.address().port}`));
