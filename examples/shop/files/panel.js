// The panel of the example: it listens in on nudge.decide, and asks the demonstration's own server
// why each decision was made. No shop has one.
(() => {
  const panel = document.getElementById('panel');
  const words = document.getElementById('panel-words').dataset;
  const decide = nudge.decide;
  panel.open = matchMedia('(min-width: 1024px)').matches;

  nudge.decide = (slots, context, show) => {
    performance.mark('asked');
    return decide(slots, context, (answers) => {
      show(answers);
      performance.mark('answered');
      for (const slot of slots) add(slot, answers[slot]);
    });
  };

  async function explain(answer) {
    if (!answer.decision_id) return { reason_text: words[answer.reason] || answer.reason };
    const path = `/example/decisions/${answer.decision_id}?lang=${shop.language}`;
    const found = await fetch(path).then((got) => got.json()).catch(() => 0);
    return found.reason_text ? found : { reason_text: `${answer.reason} · ${words.unexplained}` };
  }

  // A row is complete when it comes: none that is there already moves.
  async function add(slot, answer) {
    const found = await explain(answer);
    const row = copy('panel-row');
    const place = (name, text) => (row.querySelector(`[data-of=${name}]`).textContent = text);
    const shown = found.variant || answer.variant || (typeof answer.value === 'number' ? `¥${answer.value}` : '');
    place('slot', words[camel(slot)] || slot);
    place('variant', shown);
    place('reason', found.propensity ? `${found.reason_text} · ${percent(found.propensity)}` : found.reason_text);
    if (found.reproduced) place('proof', `${words.repeated} ${found.policy_version}`);
    for (const one of found.distribution || []) row.querySelector('ul').append(share(one));
    document.getElementById('panel-list').append(row);
    document.getElementById('panel-last').textContent = [words[camel(slot)] || slot, shown, found.reason_text].filter(Boolean).join(' · ');
  }

  function share({ title, share, drawn }) {
    const line = copy('panel-share');
    line.firstElementChild.classList.toggle('drawn', drawn);
    line.firstElementChild.firstElementChild.textContent = title;
    line.querySelector('meter').value = share;
    line.querySelector('.share').textContent = percent(share);
    return line;
  }

  const copy = (id) => document.getElementById(id).content.cloneNode(true);
  const camel = (slot) => slot.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  const percent = (part) => `${(100 * part).toFixed(1)}%`;
})();
