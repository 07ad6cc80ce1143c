// The recharge page and Nudge: an amount that was chosen on the home page is carried here.
nudge.init({ key: shop.key, visitorId: shop.visitor, channel: shop.channel, defaults: {
  denomination: 50, prefill: { source: 'blank' }
} });
nudge.decide(['denomination', 'prefill'], { page: 'recharge' }, (answers) => {
  shop.preselect(answers.denomination);
  shop.fill(answers.prefill.value);
});
nudge.track('step', { step: 'recharge' });
shop.on('number', (number) => nudge.track('step', { step: 'number', msisdn: number }));
shop.on('prefill', (kept) => nudge.track(kept ? 'prefill_kept' : 'prefill_edited'));
shop.on('go', (amount) => nudge.track('step', { step: 'amount', amount }));
shop.on('go', () => nudge.track('step', { step: 'pay_tapped' }));
