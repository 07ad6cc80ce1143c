// The stand-in for a payment service's page: it asks until the result is there.
const payment = document.body.dataset.payment;
const lines = document.querySelectorAll('[data-status]');

async function look() {
  const answer = await fetch(`/example/payments/${payment}`).then((found) => found.json()).catch(() => 0);
  if (answer.status === 'paid' || answer.status === 'failed') {
    lines.forEach((line) => (line.hidden = line.dataset.status !== answer.status));
  } else {
    setTimeout(look, 1000);
  }
}
if (document.querySelector('[data-status=open]:not([hidden])')) look();
