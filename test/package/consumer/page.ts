/** A page: compiled with DOM types and without Node's. */
import { Client } from 'fetch-valet';

const api = new Client(async () => sessionStorage.getItem('token'), {
  baseUrl: new URL('/api', location.href),
});

export async function upload(form: HTMLFormElement, file: File): Promise<void> {
  await api.post('profile', { body: new FormData(form) });
  await api.put('picture', { body: file, onUploadProgress: ({ percent }) => void percent });
  await api.put('picture', { body: () => file.stream() });
  await api.fetch('profile', { credentials: 'include', mode: 'cors', cache: 'no-store' });
  document.title = await api.get('title').text();
}
