// The pages' own script: what htmx does not do by itself. Without it everything still works.
(function () {
  'use strict';
  var stale = document.getElementById('stale');

  function told(fresh) {
    if (stale) stale.hidden = fresh;
  }

  // A page that nobody sees asks nothing.
  document.addEventListener('htmx:beforeRequest', function (event) {
    var polls = (event.detail.elt.getAttribute('hx-trigger') || '').indexOf('every') === 0;
    if (polls && document.hidden) event.preventDefault();
  });
  document.addEventListener('htmx:afterRequest', function (event) {
    if (event.detail.xhr && event.detail.xhr.status) told(event.detail.xhr.status < 500);
  });
  document.addEventListener('htmx:sendError', function () { told(false); });
  document.addEventListener('htmx:timeout', function () { told(false); });

  // What somebody typed, chose or folded out stays when the part around it comes anew.
  function touched(one) {
    if (one.matches('input[type="checkbox"], input[type="radio"]')) return one.checked !== one.defaultChecked;
    if (one.matches('select')) return Array.prototype.some.call(one.options, function (o) { return o.selected !== o.defaultSelected; });
    return one.matches('input, textarea') && one.type !== 'hidden' && one.value !== one.defaultValue;
  }
  var morphs = window.Idiomorph && window.Idiomorph.defaults.callbacks;
  if (morphs) {
    morphs.beforeNodeMorphed = function (old) {
      return !(old instanceof Element && touched(old));
    };
    morphs.beforeAttributeUpdated = function (name, old) {
      return !(name === 'open' && old.matches('details'));
    };
  }

  // Filters apply at once; the button is for those without script.
  document.addEventListener('change', function (event) {
    var form = event.target.form;
    if (form && form.classList.contains('filters') && form.method === 'get') form.requestSubmit();
  });
  function hideButtons() {
    document.querySelectorAll('form.filters .apply').forEach(function (one) { one.hidden = true; });
  }
  hideButtons();
  document.addEventListener('htmx:afterSettle', hideButtons);
})();
