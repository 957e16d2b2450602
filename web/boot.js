// Starts the page: as modules from files beside it, or, where a browser does not load those (from disk,
// and in frames of opaque origin), from bundle.js, one plain script that carries everything.
(() => {
  const script = document.createElement('script');
  const alone = self.origin === 'null' || location.protocol === 'file:';
  if (!alone) script.type = 'module';
  script.src = alone ? 'bundle.js' : 'page.js';
  document.head.append(script);
  // The picture is that of the state the lab opens with when the address says nothing.
  document.getElementById('first')?.toggleAttribute('hidden', location.hash.length > 1);
})();
