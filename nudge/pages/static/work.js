// Keys of the lists of cases. Every key does what a link or a button of the page does, too.
(function () {
  'use strict';
  var OFF = 'nudge-keys-off';
  var keys = document.getElementById('keys');
  var choice = document.getElementById('keys-on');
  var button = document.getElementById('keys-button');

  function isOff() {
    try { return localStorage.getItem(OFF) === '1'; } catch (error) { return false; }
  }
  function keep(off) {
    try { localStorage.setItem(OFF, off ? '1' : ''); } catch (error) { /* for this page only */ }
  }
  function rows() { return Array.prototype.slice.call(document.querySelectorAll('.cases .case')); }
  function present() {
    var own = document.activeElement && document.activeElement.closest('.case');
    return own || document.querySelector('.case.here');
  }
  function move(by) {
    var all = rows();
    var here = all.indexOf(present());
    var focused = document.activeElement && document.activeElement.closest('.case');
    var next = all[Math.max(0, Math.min(all.length - 1, focused ? here + by : here))] || all[0];
    if (next) next.querySelector('.what a').focus();
  }
  function choose() {
    var row = present();
    var box = row && row.querySelector('input[name="pick"]');
    if (box) box.checked = !box.checked;
  }
  function jump(key) {
    var field = document.querySelector('#panel [data-key="' + key + '"]');
    if (field) field.focus();
  }
  var acts = {
    j: function () { move(1); },
    k: function () { move(-1); },
    x: choose,
    a: function () { jump('a'); },
    o: function () { jump('o'); },
    n: function () { var form = document.getElementById('next'); if (form) form.requestSubmit(); },
    '?': function () { if (keys) keys.showModal(); },
  };
  function inField(target) {
    return target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && target.type !== 'checkbox';
  }
  document.addEventListener('keydown', function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (inField(event.target)) {
      if (event.key === 'Escape') { event.target.blur(); }
      return;
    }
    var act = acts[event.key];
    if (!act || (keys && keys.open) || isOff()) return;
    event.preventDefault();
    act();
  });

  if (choice) {
    choice.checked = !isOff();
    choice.addEventListener('change', function () { keep(!choice.checked); });
  }
  if (button) {
    button.hidden = false;
    button.addEventListener('click', function () { keys.showModal(); });
  }

  // The list asks for the page that is shown, also where another case was opened beside it.
  document.addEventListener('htmx:configRequest', function (event) {
    var live = event.detail.elt.id === 'live' && new URL(event.detail.elt.getAttribute('hx-get'), location.href);
    if (live && live.pathname === location.pathname) event.detail.path = location.pathname + location.search;
  });
  // The row of the case that was opened is the present one.
  document.addEventListener('htmx:afterSwap', function (event) {
    if (event.detail.target.id !== 'panel') return;
    var link = event.detail.requestConfig && event.detail.requestConfig.elt;
    var panel = document.getElementById('panel');
    if (!link || !panel || !link.closest('.case')) return;
    // On a phone the case stands below the list: go there, as the link does without script.
    if (panel.getBoundingClientRect().top > innerHeight / 2) { panel.scrollIntoView(); panel.focus(); }
    rows().forEach(function (row) {
      var own = row.contains(link);
      row.classList.toggle('here', own);
      row.querySelector('.what a')[own ? 'setAttribute' : 'removeAttribute']('aria-current', 'true');
    });
  });
})();
