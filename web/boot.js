// Starts the page: as modules from files next to it, or, if the browser cannot load those (from disk, and in
// frames of opaque origin), from bundle.js, one plain script that contains everything.
(() => {
  const script = document.createElement('script');
  const alone = self.origin === 'null' || location.protocol === 'file:';
  if (!alone) script.type = 'module';
  script.src = alone ? 'bundle.js' : 'page.js';
  document.head.append(script);
  // The picture shows the state that the lab opens with if the address names none.
  document.getElementById('first')?.toggleAttribute('hidden', location.hash.includes('='));
})();
