// The payment page and Nudge: after a failure, the window shows what payment_retry decided.
nudge.init({ key: shop.key, visitorId: shop.visitor, channel: shop.channel, defaults: {
  payment_retry: { action: 'choose_method' }
} });
shop.on('method', (method) => nudge.track('step', { step: 'method', method }));
shop.on('failed', (reason, method) => {
  nudge.paymentFailed(reason, method);
  nudge.decide(['payment_retry'], { page: 'payment' }, (answers) => {
    shop.offer(answers.payment_retry.value);
  });
});
