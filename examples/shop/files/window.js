// The small window that stays open while somebody pays on another page: there the shop sees nothing.
// It asks the shop's own server for the result; and the visitor can say that the payment failed.
const small = document.getElementById('window');
const methods = document.getElementById('methods');
const POLL = 1000;
const MOST_POLLS = 300;
let payment = {};

shop.offer = (value) => show(small.querySelector(`[data-state="${value.action}"]`) ? value.action : 'choose_method');

function show(state) {
  payment.state = state;
  small.querySelectorAll('section').forEach((section) => (section.hidden = section.dataset.state !== state));
  small.querySelector('[data-late]').hidden = true;
  if (!small.open) small.show();
}

function fail(reason) {
  if (payment.failed) return;
  payment.failed = true;
  show('asking');
  shop.tell('failed', reason, payment.method);
}

async function poll(one, left) {
  if (one !== payment || !left) return;
  const answer = await fetch(`/example/payments/${one.id}`).then((found) => found.ok && found.json()).catch(() => 0);
  if (one !== payment) return;
  // The result may come after the visitor gave up: a payment that went through is always told.
  if (answer.status === 'paid') return show('paid');
  if (answer.status === 'failed') return fail(answer.reason);
  setTimeout(poll, POLL, one, left - 1);
}

methods.addEventListener('submit', (event) => {
  const method = event.submitter.value;
  payment = { id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12).padEnd(8, '0')}`, method };
  methods.elements.amount.value = shop.amount;
  methods.elements.payment_id.value = payment.id;
  small.querySelector('[data-method]').textContent = event.submitter.textContent;
  shop.tell('method', method);
  show('waiting');
  setTimeout(poll, POLL, payment, MOST_POLLS);
});

const does = {
  done: () => (small.querySelector('[data-late]').hidden = false),
  failed: () => fail(),
  again: () => methods.querySelector(`[value="${payment.method}"]`).click(),
  choose: () => small.close(),
  remind: () => show('reminded'),
  home: () => location.assign(document.querySelector('.brand').href)
};
small.addEventListener('click', ({ target }) => does[target.closest('button')?.dataset.does]?.());

// Whoever comes here by an address has chosen nothing yet.
if (!shop.amount) location.replace(document.querySelector('.brand').href);
shop.showAmount();
document.querySelector('[data-number]').textContent = sessionStorage.getItem('masked') || '';
