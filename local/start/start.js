// Shows the samples, asks this server for links with the typed name, and copies links.
const form = document.getElementById('form');
const nameField = document.getElementById('name');
const message = document.getElementById('message');
const cards = new Map(); // template id → {sample, figure}
let latest = 0; // the number of the latest drawing; results of earlier ones are dropped

function say(text, isError = false) {
  message.textContent = text;
  message.classList.toggle('error', isError);
}

async function call(path, body) {
  const options = body && {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, options || {});
  } catch {
    throw new Error('Postcard does not answer. Is it still running in your terminal?');
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(content.detail || `Postcard answered ${response.status}.`);
  return content;
}

// The address on the host of this page, which may be called localhost.
const onThisHost = (url) => new URL(url).pathname + new URL(url).search;

function makeCard(sample, isFeatured) {
  const figure = document.getElementById('card').content.firstElementChild.cloneNode(true);
  const title = document.createElement(isFeatured ? 'h2' : 'h3');
  figure.querySelector('figcaption').prepend(title);
  title.textContent = sample.name;
  title.dir = 'auto';
  if (isFeatured) {
    figure.querySelector('img').loading = 'eager';
    figure.querySelector('.copy').before(makeLinkField());
  }
  for (const button of figure.querySelectorAll('[data-copies]')) {
    button.setAttribute('aria-label', `${button.textContent}: ${sample.name}`);
    button.addEventListener('click', () => copy(button, cards.get(sample.id).sample[button.dataset.copies]));
  }
  cards.set(sample.id, { sample, figure });
  show(sample);
  return figure;
}

function makeLinkField() {
  const label = document.createElement('label');
  const field = document.createElement('input');
  label.className = 'link';
  field.readOnly = true;
  field.addEventListener('focus', () => field.select());
  label.append('Signed link', field);
  return label;
}

// Puts a link into its card.
function show(link) {
  const { figure } = cards.get(link.id);
  const picture = figure.querySelector('img');
  const anchor = figure.querySelector('.picture');
  Object.assign(picture, { width: link.width, height: link.height, src: onThisHost(link.url), alt: link.alt });
  anchor.href = onThisHost(link.url);
  const field = figure.querySelector('.link input');
  if (field) field.value = link.url;
}

function note(figure, text, isError = false) {
  const place = figure.querySelector('.note');
  place.textContent = text;
  place.classList.toggle('error', isError);
}

// Draws the name into one card. The old picture stays until the new one is there.
async function draw(id, name, number) {
  const card = cards.get(id);
  card.figure.setAttribute('aria-busy', 'true');
  try {
    const link = { id, ...await call('/start/link', { template_id: id, name }) };
    const picture = new Image();
    picture.src = onThisHost(link.url);
    await picture.decode().catch(() => { throw new Error('The picture could not be drawn.'); });
    if (number !== latest) return undefined;
    card.sample = { ...card.sample, ...link };
    note(card.figure, '');
    show(card.sample);
    return link;
  } catch (error) {
    if (number === latest) note(card.figure, error.message, true);
    throw error;
  } finally {
    if (number === latest) card.figure.removeAttribute('aria-busy');
  }
}

async function drawAll(name) {
  const number = ++latest;
  const [first, ...others] = [...cards.values()].filter(({ sample }) => sample.has_name);
  say('Drawing …');
  try {
    const link = await draw(first.sample.id, name, number);
    if (!link) return;
    say(`Done. The picture says: ${link.alt}`);
  } catch (error) {
    if (number === latest) say(error.message, true);
    return;
  }
  await Promise.allSettled(others.map(({ sample }) => draw(sample.id, name, number)));
}

async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    say(`${label.replace('Copy', 'Copied the')}.`);
  } catch {
    say('The browser does not allow copying here. Select the link and copy it.', true);
    return;
  }
  setTimeout(() => { button.textContent = label; }, 2000);
}

// Opens the studio signed in: each click gets a link of its own, which works once.
const studio = document.getElementById('studio');
studio.addEventListener('click', () => openStudio('/studio'));

async function openStudio(path) {
  studio.disabled = true;
  try {
    const { url } = await call('/start/studio', {});
    location.assign(url.replace('/studio#', `${path}#`));
  } catch (error) {
    document.getElementById('studio-message').textContent = error.message;
  } finally {
    studio.disabled = false;
  }
}

// Each design leads to the studio, which asks for the new template's name.
function showDesigns(designs, opens) {
  for (const design of designs) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    const picture = document.createElement('img');
    Object.assign(picture, { src: design.thumbnail_url, alt: '', loading: 'lazy' });
    Object.assign(button, { type: 'button', disabled: !opens });
    button.append(picture, design.name);
    button.addEventListener('click', () => openStudio(`/studio/new?design=${design.id}`));
    item.append(button);
    document.getElementById('designs').append(item);
  }
}

async function start() {
  let content;
  try {
    content = await call('/start/samples');
  } catch (error) {
    say(error.message, true);
    return;
  }
  showDesigns(content.designs, content.signs);
  const [first, ...others] = content.samples;
  if (!first) {
    say('The sample templates were deleted. Delete the folder .postcard and start again to get them back.', true);
    return;
  }
  document.getElementById('featured').append(makeCard(first, true));
  for (const sample of others) {
    const item = document.createElement('li');
    item.append(makeCard(sample, false));
    if (!sample.has_name) note(cards.get(sample.id).figure, 'The same for every reader: it shows the time that is left.');
    document.getElementById('samples').append(item);
  }
  if (!content.signs) {
    studio.disabled = true;
    document.getElementById('studio-message').textContent = 'Other machines can reach this server, so this page signs nobody in. `postcard studio invite` prints a link that does.';
    nameField.disabled = form.querySelector('button').disabled = true;
    say('Other machines can reach this server, so this page makes no links. POST /v1/links makes them, with an API key.');
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const name = nameField.value.trim();
  if (name) drawAll(name);
  else say('Type a name.', true);
});
start();
