// The home page and Nudge: what it shows, and what it tells.
nudge.init({ key: shop.key, visitorId: shop.visitor, channel: shop.channel, defaults: {
  denomination: 100, prefill: { source: 'blank' }, banner: shop.plainBanner
} });
nudge.decide(['denomination', 'prefill', 'banner'], { page: 'home', city: shop.city }, (answers) => {
  const id = answers.banner.decision_id;
  shop.preselect(answers.denomination);
  shop.fill(answers.prefill.value);
  shop.showBanner(answers.banner.value);
  nudge.seen(shop.banner, id);
  shop.on('banner', () => id && nudge.track('clicked', { decision_id: id }));
});
nudge.track('step', { step: 'home' });
shop.on('number', (number) => nudge.track('step', { step: 'number', msisdn: number }));
shop.on('go', (amount) => nudge.track('step', { step: 'amount', amount }));
