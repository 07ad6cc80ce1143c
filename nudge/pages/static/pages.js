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

  // Filters apply at once; the button is for those without script.
  document.addEventListener('change', function (event) {
    var form = event.target.form;
    if (form && form.classList.contains('filters') && form.method === 'get') form.requestSubmit();
  });
  document.querySelectorAll('form.filters .apply').forEach(function (one) { one.hidden = true; });
})();
