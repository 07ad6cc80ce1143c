// The shop without Nudge: its fields, and the moments at which something happens.
// home.js, recharge.js and pay.js listen to the moments; they hold all that concerns Nudge.
const shop = {
  key: document.body.dataset.key,
  visitor: document.body.dataset.visitor,
  language: document.body.dataset.language,
  city: document.body.dataset.city, // of the address, ?city=; none unless it says so
  channel: matchMedia('(max-width: 699px)').matches ? 'wap' : 'web',

  moments: {},
  on(moment, listener) {
    (this.moments[moment] ||= []).push(listener);
  },
  tell(moment, ...details) {
    (this.moments[moment] || []).forEach((listener) => listener(...details));
  },

  // Amount: a tile, or one that was typed.

  other: document.getElementById('other'),
  get amount() {
    if (!this.other) return Number(sessionStorage.getItem('amount'));
    const tile = document.querySelector('[name=amount]:checked');
    return Number(this.other.value || tile?.value || 0);
  },
  /** Select what was decided, unless the visitor was faster: what was chosen stays. */
  preselect(answer) {
    if (answer.free_amount) Object.assign(this.other, answer.free_amount);
    if (this.chosen) return;
    const tile = document.querySelector(`[name=amount][value="${Number(answer.value)}"]`);
    if (tile) tile.checked = true;
    else this.other.value = answer.value;
    this.showAmount();
  },
  showAmount() {
    const text = this.amount ? `¥${this.amount}` : '';
    document.querySelectorAll('[data-chosen]').forEach((place) => (place.textContent = text));
  },

  // Number: typed, or filled in. In full it is in its field only.

  number: document.getElementById('number'),
  get digits() {
    return this.number.value.replace(/\D/g, '');
  },
  get hasNumber() {
    return /^1\d{10}$/.test(this.digits) || (this.filled?.masked && this.number.value === this.filled.masked);
  },
  get masked() {
    return this.digits.length === 11 ? this.digits.replace(/^(...)..../, '$1****') : this.filled?.masked || '';
  },
  /** Fill in what was decided, unless the visitor was faster. */
  fill(value) {
    if (this.number.value || document.activeElement === this.number || !value.masked) return;
    this.filled = value;
    this.number.value = value.number || value.masked;
  },

  // Banner: of the home page.

  banner: document.getElementById('banner'),
  plainBanner: {
    title: { zh: '充值抽流量', en: 'Recharge and draw data' },
    text: { zh: '每充一次，抽一次流量', en: 'Every recharge draws mobile data' }
  },
  showBanner(value) {
    this.banner.firstElementChild.textContent = value.title[this.language];
    this.banner.lastElementChild.textContent = value.text[this.language];
  }
};

document.addEventListener('input', ({ target }) => {
  if (target.name === 'amount') shop.other.value = '';
  if (target === shop.other) document.querySelectorAll('[name=amount]').forEach((tile) => (tile.checked = false));
  if (target === shop.other || target.name === 'amount') {
    shop.chosen = true;
    shop.showAmount();
  }
  if (target === shop.number) {
    wrongNumber(false);
    if (shop.hasNumber) shop.tell('number', shop.digits);
  }
});

function wrongNumber(wrong) {
  document.querySelector('#number-note span').hidden = !wrong;
  shop.number.setAttribute('aria-invalid', wrong);
}

/** What is missing before the visitor can go on; the home page needs nothing. */
function isComplete(button) {
  if (!('complete' in button.dataset)) return shop.other.reportValidity();
  wrongNumber(!shop.hasNumber);
  if (!shop.hasNumber) shop.number.focus();
  return shop.hasNumber && shop.amount > 0 && shop.other.reportValidity();
}

document.getElementById('go')?.addEventListener('click', (event) => {
  if (!isComplete(event.currentTarget)) return event.preventDefault();
  sessionStorage.setItem('amount', shop.amount);
  // Of the number the next page gets the masked form only.
  sessionStorage.setItem('masked', shop.masked);
  if (shop.filled) shop.tell('prefill', shop.number.value === (shop.filled.number || shop.filled.masked));
  if (shop.amount) shop.tell('go', shop.amount);
});
shop.banner?.addEventListener('click', () => shop.tell('banner'));
