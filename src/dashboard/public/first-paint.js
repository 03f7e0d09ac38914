// Sets the colour scheme and the language before the first paint, so that a dark screen at night does not flash.
(() => {
  let scheme = null;
  let language = null;
  try {
    scheme = localStorage.getItem('pika-expander.scheme');
    language = localStorage.getItem('pika-expander.language');
  } catch {
    // Storage can be forbidden; the system's choice is used then.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
  if (language === 'zh') document.documentElement.lang = 'zh-CN';
})();
