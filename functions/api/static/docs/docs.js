// Starts Swagger UI on this API's own description. A file, since the page may run no inline script.
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const isDeepLink = /^(#\/.*)?$/.test(location.hash); // of Swagger UI, such as #/Images/create_image

function applyColorScheme() {
  document.documentElement.classList.toggle('dark-mode', prefersDark.matches);
}

// Shows the row of an error code: the `type` of a problem is /docs#CODE.
function showErrorCode() {
  const code = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!code || !code.closest('details')) return;
  code.closest('details').open = true;
  code.scrollIntoView({ block: 'center' });
}

applyColorScheme();
prefersDark.addEventListener('change', applyColorScheme);
addEventListener('hashchange', showErrorCode);
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: isDeepLink,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  persistAuthorization: false, // an API key is forgotten when the page is closed
  validatorUrl: null, // or a public validator would be asked to read the description
  onComplete: () => requestAnimationFrame(showErrorCode) // when it is drawn
});
